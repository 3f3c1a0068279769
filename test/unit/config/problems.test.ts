import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseSettings, projectConfigSchema } from "../../../infra/config.ts";
import { minimal, refusalOf } from "./refusal.ts";

const projectKeys = Object.keys(projectConfigSchema());

function linesOf(raw: Record<string, string>, secretKeys: string[] = []): readonly string[] {
  return refusalOf(() => parseSettings(raw, { secretKeys })).details;
}

function only(raw: Record<string, string>): string {
  const lines = linesOf({ ...minimal, ...raw });
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
}

const local = (values: Record<string, unknown>) =>
  JSON.stringify({ command: ["node", "server.ts"], ...values });

const freeze = (change: Record<string, string>) =>
  JSON.stringify({ windows: [{ start: "0 16 * * FRI", for: "64h", ...change }] });

describe("problems in settings", () => {
  test("are reported all at once, those between settings too", () => {
    const raw = {
      environment: "prod-blue",
      bake: JSON.stringify({ interval: "40s", alpha: "low" }),
      local: JSON.stringify({ port: 0, instances: 65 }),
      helth: "{}",
    };
    const error = refusalOf(() => parseSettings(raw, { file: "Pulumi.prod.yaml" }));
    expect(error.code).toBe("SETTINGS_INVALID");
    expect(error.message).toBe("Pulumi.prod.yaml: 7 problems");
    expect(error.details.map((line) => line.split(/[ :]/)[1])).toEqual([
      "environment",
      "bake.alpha",
      "local.instances",
      "local.port",
      "helth",
      "bake.interval",
      "local.command",
    ]);
  });

  test("say key, value, what is wrong and what to write", () => {
    expect(only({ local: local({ instances: 0 }) })).toBe(
      "bluegreen:local.instances = 0: is less than 1; write a whole number from 1 to 64",
    );
  });

  test("name the file, or that there is one only", () => {
    expect(refusalOf(() => parseSettings({ ...minimal, gate: "x" })).message).toBe(
      "the settings: 1 problem",
    );
  });

  test.each([
    [{ instnces: "3" }, /^bluegreen:instnces: is an unknown key; write one of environment, /],
    [{ helth: "{}" }, /^bluegreen:helth: is an unknown key; write bluegreen:health$/],
    [{ rolbackWindow: "1h" }, /write bluegreen:rollbackWindow$/],
    [{ local: local({ instnaces: 3 }) }, /local\.instnaces: .* write bluegreen:local\.instances$/],
    [{ local: local({ drain: "3s" }) }, /^bluegreen:local\.drain: .* write bluegreen:drain$/],
    [{ instances: "3" }, /^bluegreen:instances: .* write bluegreen:local\.instances$/],
    [
      { checks: '[{"kind":"http","path":"/","retires":1}]' },
      /write bluegreen:checks\[0\]\.retries/,
    ],
  ])("refuse an unknown key and know what was meant: %j", (raw: Record<string, string>, line) => {
    expect(only(raw)).toMatch(line);
  });

  test.each([
    [{ activeColor: "red" }, `activeColor = "red": is unknown; write "blue", "green" or "none"`],
    [{ generation: "-1" }, "generation = -1: is less than 0"],
    [{ generation: "two" }, `generation = "two": is text, not a number; write a whole number`],
    [{ drain: "10" }, 'drain = "10": has no unit; write a duration from 0s to 1h, such as "10s"'],
    [{ drain: "soon" }, `drain = "soon": isn't a duration`],
    [{ drain: "2h" }, `drain = "2h": is longer than 1h`],
    [{ claim: "10ms" }, `claim = "10ms": is shorter than 1s`],
    [{ version: "../../etc" }, `version = "../../etc": doesn't have the right form`],
    [{ version: "1\r\nx-evil: 1" }, `version = "1\\r\\nx-evil: 1": doesn't have the right form`],
    [{ platform: "locl" }, `platform = "locl": is unknown; write "local"`],
    [{ health: '{"path":"healthz"}' }, `health.path = "healthz": doesn't start with "/"`],
    [{ health: '{"path":"/a b"}' }, "has characters that must be percent-encoded"],
    [{ health: '{"path":"/a\\r\\nHost: x"}' }, "has control characters or line breaks"],
    [{ health: '{"statuses":[]}' }, "health.statuses = []: is empty; write a list of status codes"],
    [{ health: '{"statuses":[99]}' }, "health.statuses[0] = 99: is less than 100"],
    [{ health: "{" }, "bluegreen:health: isn't a map; write it as YAML"],
    [
      { health: "[]" },
      "bluegreen:health = []: is a list, not a map; write a map of path, statuses",
    ],
    [{ probe: '{"count":0}' }, "probe.count = 0: is less than 1"],
    [{ probe: '{"count":1.5}' }, "probe.count = 1.5: isn't a whole number"],
    [{ checks: '[{"kind":"htp"}]' }, `checks[0].kind = "htp": is unknown; write "http"`],
    [{ checks: "[{}]" }, `checks[0].kind: is missing; write "http", "health", "tcp", "version"`],
    [{ checks: "[3]" }, `checks[0] = 3: isn't a map; write a map with the kind "http"`],
    [{ checks: '[{"kind":"http"}]' }, "checks[0].path: is missing; write a path"],
    [{ checks: '[{"kind":"command","argv":[]}]' }, "checks[0].argv = []: is empty"],
    [{ checks: '[{"kind":"version","header":"a b"}]' }, `checks[0].header = "a b": doesn't have`],
    [{ given: '{"blue":{"addresses":[]}}' }, "given.blue.addresses = []: is empty"],
    [{ given: '{"blue":{"addresses":["web"]}}' }, `addresses[0] = "web": isn't host:port`],
    [{ freeze: freeze({ start: "0 99 * * *" }) }, "isn't a cron expression; write a cron"],
    [
      { freeze: freeze({ start: "weekends" }) },
      "has neither five fields of cron nor the form of a",
    ],
    [{ freeze: freeze({ start: "2026-02-30T00:00" }) }, "is a time that there isn't"],
    [{ freeze: freeze({ for: "3s" }) }, 'windows[0].for = "3s": is shorter than 1m'],
    [
      { freeze: '{"zone":"Europe/Atlantis"}' },
      `freeze.zone = "Europe/Atlantis": isn't a time zone`,
    ],
    [{ local: local({ port: 0 }) }, "local.port = 0: would take another port at each start"],
    [{ local: local({ port: 65536 }) }, "local.port = 65536: is more than 65535"],
    [
      { local: local({ host: "http://x" }) },
      'local.host = "http://x": doesn\'t have the right form',
    ],
    [
      { local: local({ tls: { cert: "a.pem" } }) },
      "local.tls.key: is missing; write the path of a",
    ],
    [
      { local: local({ env: { "A-B": "x" } }) },
      "local.env.A-B = [secret]: has a name that isn't allowed",
    ],
    [{ local: local({ cwd: "a\nb" }) }, `local.cwd = "a\\nb": has control characters`],
    [{ local: local({ command: ["a\0b"] }) }, "has a NUL character"],
    [{ local: local({ accessLog: "maybe" }) }, `accessLog = "maybe": is text, not true or false`],
    [
      { local: local({ command: ["run", "{prot}"] }) },
      "unknown placeholder in braces; write {port}",
    ],
    [
      { local: local({ command: ["run", "{zzzz}"] }) },
      "write {version}, {port}, {color}, {instance}",
    ],
  ])("are told in words: %j", (raw: Record<string, string>, part) => {
    expect(only(raw)).toContain(part);
  });

  test.each([
    "prod-blue",
    "prod-green",
    "blue",
    "green",
    "Prod",
    "-a",
    "a-",
    "a_b",
    "x".repeat(61),
  ])("refuse the environment %j", (environment) => {
    expect(only({ environment })).toMatch(/^bluegreen:environment = .*; write the stack's name/);
  });

  test.each([
    "169.254.169.254:80",
    "2852039166:80",
    "0xa9fea9fe:80",
    "[::ffff:169.254.169.254]:80",
    "[fd00:ec2::254]:80",
    "[fd00:0ec2:0::254]:80",
  ])("refuse the metadata address %s", (address) => {
    const given = JSON.stringify({ blue: { addresses: [address] } });
    expect(only({ given })).toContain("is a cloud metadata address");
  });

  test.each(["10.0.0.1:80", "shop.internal:8080", "[::1]:65535", "a_b:1"])(
    "don't refuse the address %s",
    (address) => {
      const given = JSON.stringify({ blue: { addresses: [address] } });
      expect(parseSettings({ ...minimal, given }).given.blue?.addresses).toEqual([address]);
    },
  );

  test("are found in anything that is written, and nothing else ever happens", () => {
    const keys = projectKeys.map((key) => key.replace("bluegreen:", ""));
    const raw = fc.dictionary(fc.constantFrom(...keys, "other"), fc.json(), { maxKeys: 6 });
    const nested = fc.dictionary(
      fc.constantFrom("health", "probe", "bake", "given", "local"),
      fc
        .dictionary(
          fc.constantFrom("path", "interval", "blue", "tls", "env", "port"),
          fc.jsonValue(),
        )
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(raw, nested, (first, second) => {
        const error = refusalOf(() => parseSettings({ ...first, ...second, environment: "x_y" }));
        expect(error.code).toBe("SETTINGS_INVALID");
        expect(error.details.join("\n")).toContain('bluegreen:environment = "x_y"');
      }),
      { numRuns: 50 },
    );
  });

  test("keep braces that aren't placeholders", () => {
    const command = ["sh", "-c", "echo ${HOME} {port} { print } {}"];
    const settings = parseSettings({ ...minimal, local: JSON.stringify({ command }) });
    expect(settings.local.command).toEqual(command);
  });
});

describe("secret settings", () => {
  const secret = "hunter2";

  test("never have their values printed", () => {
    const raw = {
      environment: "dev",
      local: JSON.stringify({ command: [`{${secret}}`], port: secret, env: { A: [secret] } }),
      given: `{${secret}`,
      bake: JSON.stringify({ duration: secret, interval: "1h" }),
      version: `${secret} ${secret}`,
    };
    const keys = ["bluegreen:local", "given", "bake", "bluegreen:version"];
    const error = refusalOf(() => parseSettings(raw, { secretKeys: keys }));
    expect(error.details).toHaveLength(7);
    expect(JSON.stringify([error.message, error.details, error.hint])).not.toContain(secret);
    expect(error.details.join("\n")).toContain("bluegreen:local.port = [secret]: is text");
  });

  test("stay closed where a rule compares them with others", () => {
    const lines = linesOf({ ...minimal, rollbackWindow: "7s" }, ["rollbackWindow"]);
    expect(lines).toEqual([
      "bluegreen:rollbackWindow = [secret]: ends before the bake does, when there would be nothing " +
        'to return to (bluegreen:bake.duration = "30s", its default); ' +
        "write at least the bake's duration",
    ]);
  });

  test("are suspected in every env map, and behind every unknown key", () => {
    const lines = linesOf({ ...minimal, password: secret, local: local({ env: { A: [secret] } }) });
    expect(lines).toHaveLength(2);
    expect(lines.join("\n")).not.toContain(secret);
  });
});
