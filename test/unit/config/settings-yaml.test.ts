import { describe, expect, test } from "vitest";

import { opaqueSecret, parseSettings, parseSettingsFile } from "../../../infra/config.ts";
import { refusalOf } from "./refusal.ts";

const yaml = (...lines: readonly string[]) =>
  ["config:", "  bluegreen:environment: dev", ...lines.map((line) => `  ${line}`), ""].join("\n");
const command = `bluegreen:local: {command: [node, server.ts]}`;

function linesOf(text: string, path = "Pulumi.dev.yaml"): readonly string[] {
  return refusalOf(() => parseSettingsFile(text, path)).details;
}

describe("a settings file", () => {
  test("means the same as what the engine makes of it", () => {
    const text = yaml(
      "bluegreen:version: 2",
      "bluegreen:generation: 4",
      "claim: 1h # without a namespace it is the project's",
      "aws:region: eu-central-1",
      'bluegreen:checks: \'[{"kind":"version"}]\'',
      "bluegreen:health:",
      "  statuses: [200, 204]",
      "bluegreen:application:",
      command,
    );
    const raw = {
      environment: "dev",
      version: "2",
      generation: "4",
      claim: "1h",
      checks: '[{"kind":"version"}]',
      health: '{"statuses":[200,204]}',
      local: '{"command":["node","server.ts"]}',
    };
    expect(parseSettingsFile(text, "Pulumi.dev.yaml")).toEqual(parseSettings(raw));
  });

  test("may use anchors, aliases and merge keys", () => {
    const text = yaml(
      "bluegreen:health: &asking {timeout: 3s}",
      "bluegreen:probe: {<<: *asking, count: 7}",
      command,
    );
    const { health, probe } = parseSettingsFile(text, "Pulumi.dev.yaml");
    expect([health.timeoutMs, probe.timeoutMs, probe.count]).toEqual([3_000, 3_000, 7]);
  });

  test("has no key twice, with and without its namespace", () => {
    const lines = linesOf(yaml("activeColor: blue", "bluegreen:activeColor: green", command));
    expect(lines).toEqual([
      expect.stringContaining(
        'is written twice, as "activeColor" in line 3 and as "bluegreen:activeColor" in line 4',
      ) as string,
    ]);
    const raw = { environment: "dev", version: "1", "bluegreen:version": "2" };
    const local = '{"command":["x"]}';
    expect(refusalOf(() => parseSettings({ ...raw, local })).details.join()).toContain(
      'is written twice, as "version" and as "bluegreen:version"',
    );
  });

  test("keeps encrypted values closed in env maps", () => {
    const text = yaml("bluegreen:local:", "  command: [x]", "  env: {KEY: {secure: v1:abc}}");
    const settings = parseSettingsFile(text, "Pulumi.dev.yaml");
    expect(settings.local.env).toEqual({ KEY: opaqueSecret });
  });

  test("can't encrypt what is read before anything runs, and the rest is judged all the same", () => {
    const text = yaml(
      "bluegreen:local: {secure: v1:abc}",
      "bluegreen:health: {path: {secure: v1:abc}}",
      "bluegreen:drain: 5",
    );
    expect(linesOf(text)).toEqual([
      expect.stringMatching(/^bluegreen:local: is secret, but has to be read before/),
      expect.stringMatching(
        /^bluegreen:health\.path = "\[secret\]": is secret, but has to be read/,
      ),
      expect.stringMatching(/^bluegreen:drain = "5": has no unit/),
    ]);
  });

  test.each([
    ["bluegreen:version: 1.10", "bluegreen:version = 1.10"],
    ["bluegreen:version: 12e3", "bluegreen:version = 12e3"],
    ["bluegreen:version: 2026-01-31", "bluegreen:version = 2026-01-31"],
    ["bluegreen:application: True", "bluegreen:application = True"],
    ["bluegreen:probe: {count: 010}", "bluegreen:probe.count = 010"],
    ["bluegreen:probe: {count: 1_0}", "bluegreen:probe.count = 1_0"],
    ["bluegreen:checks: [{kind: version, expect: 1e2}]", "bluegreen:checks[0].expect = 1e2"],
  ])("names a value that the engine reads as another one: %s", (line, start) => {
    const lines = linesOf(yaml(line, command));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toBe(
      `${start}: is a number or a date to the engine and reaches the program as another value; ` +
        "write it in quotes, or as a plain decimal number",
    );
  });

  test.each(['"1.10"', "'2026-01-31'", "1.10.0", "2", "v1.10", "yes"])(
    "takes the version %s as it stands",
    (version) => {
      const text = yaml(`bluegreen:version: ${version}`, command);
      const plain = version.replaceAll(/["']/g, "");
      expect(parseSettingsFile(text, "Pulumi.dev.yaml").version).toBe(plain);
    },
  );

  test("must be the one of its environment", () => {
    expect(linesOf(yaml(command), "/etc/shop/Pulumi.prod.yaml")).toEqual([
      `bluegreen:environment = "dev": isn't the environment of Pulumi.prod.yaml; ` +
        "write prod, or rename the file",
    ]);
  });

  test("is refused with line, column and the line itself where it isn't YAML", () => {
    const error = refusalOf(() => parseSettingsFile(yaml("bluegreen:local: {a", "x: y"), "P.yaml"));
    expect(error.code).toBe("SETTINGS_UNREADABLE");
    expect(error.message).toMatch(/^P\.yaml isn't a settings file: line 4, column 3: /);
    expect(error.details).toEqual(["4 |   x: y", "  |   ^"]);
  });

  test("names the line that was appended below the salt, not the salt's", () => {
    const text = `${yaml(command)}encryptionsalt: v1:a=:v1:b==\n\n  bluegreen:drain: 3s\n`;
    const salt = text.split("\n").findIndex((line) => line.startsWith("encryptionsalt")) + 1;
    const error = refusalOf(() => parseSettingsFile(text, "P.yaml"));
    expect(error.message).toContain(`line ${salt + 2} is indented as if it belonged to`);
    expect(error.hint).toContain(`Move line ${salt + 2} of P.yaml`);
    expect(error.details).toEqual([
      `${salt} | encryptionsalt: v1:a=:v1:b==`,
      `${salt + 2} |   bluegreen:drain: 3s`,
    ]);
  });

  test("blames a line that is wrong by itself, whatever is below it", () => {
    const text = "config:\n  a: b: c\n    d: e\n";
    const error = refusalOf(() => parseSettingsFile(text, "P.yaml"));
    expect(error.message).toContain("line 2, column 6");
    expect(error.hint).toBe("Correct line 2 of P.yaml.");
  });

  test.each([
    ["two documents", "config: {}\n---\nconfig: {}\n", /line 2, column 1: more than one YAML/],
    [
      "a key written twice",
      "config:\n  a: 1\n  a: 2\n",
      /line 3, column 3: Map keys must be unique/,
    ],
    ["a list", "- 1\n", /no map "config"/],
    ["a text for a map", "config: text\n", /no map "config"/],
    ["an alias to nothing", "config:\n  a: *b\n", /Unresolved alias/],
  ])("is refused where it is %s", (_title, text, message) => {
    const error = refusalOf(() => parseSettingsFile(text, "Pulumi.dev.yaml"));
    expect(error.code).toBe("SETTINGS_UNREADABLE");
    expect(error.message).toMatch(message);
  });

  test.each(["", "# nothing yet\n", "config:\n", "encryptionsalt: v1:abc\n"])(
    "that holds nothing says what is required: %j",
    (text) => {
      expect(linesOf(text).map((line) => line.split(/[ :]/)[1])).toEqual([
        "environment",
        "local.command",
      ]);
    },
  );
});
