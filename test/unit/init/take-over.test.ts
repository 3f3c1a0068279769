/** The settings of one more environment are another one's, but for what is its own. */

import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { takeOver } from "../../../automation/init/take-over.ts";
import type { OwnSettings } from "../../../automation/init/take-over.ts";
import { parseSettingsFile } from "../../../infra/config.ts";

const dev = `# Settings of the environment \`dev\`, and of no other developers.
config:
  bluegreen:environment: dev
  bluegreen:application: shop
  # Whose traffic it is.
  bluegreen:activeColor: green
  bluegreen:generation: 7
  bluegreen:health:
    path: /healthz
  bluegreen:checks:
    - kind: http # the list
      path: /products
    - kind: command
      argv: [./check]
      env:
        KEY: { secure: AAAB }
  bluegreen:rollbackWindow: 2h
  bluegreen:given:
    blue:
      addresses: [127.0.0.1:7001]
  bluegreen:local:
    command: ["node", "server.js"]
    instances: 3
    port: 8080
    env:
      DATABASE: /var/lib/shop.db
      TOKEN:
        secure: AAABBB
encryptionsalt: v1:abc
`;

const prod: OwnSettings = {
  environment: "prod",
  application: "shop",
  port: 8081,
  command: null,
  instances: null,
  health: null,
  versionPath: null,
};

function taken(own: Partial<OwnSettings> = {}, text = dev) {
  const made = takeOver({ text, name: "Pulumi.dev.yaml", environment: "dev" }, { ...prod, ...own });
  return { ...made, settings: parseSettingsFile(made.text, "Pulumi.prod.yaml") };
}

describe("a second environment", () => {
  test("has command, health, checks and all else of the first one, comments too", () => {
    const { settings, text } = taken();
    expect(settings).toMatchObject({
      application: "shop",
      health: { path: "/healthz" },
      checks: [{ kind: "http", path: "/products" }, { kind: "command" }],
      rollbackWindowMs: 7_200_000,
      local: {
        command: ["node", "server.js"],
        instances: 3,
        env: { DATABASE: "/var/lib/shop.db" },
      },
    });
    expect(text).toContain("    - kind: http # the list\n");
    expect(text).toContain('    command: ["node", "server.js"]\n');
    expect(text).toMatch(/^# Settings of the environment `prod`, and of no other developers\.\n/);
  });

  test("has its own name and port, no traffic, and nobody else's instances", () => {
    const { settings } = taken();
    expect(settings).toMatchObject({
      environment: "prod",
      activeColor: "none",
      generation: null,
      given: { blue: null, green: null },
      local: { port: 8081 },
    });
  });

  test("gets no secret that is encrypted for another stack, and names each", () => {
    const { secrets, text } = taken();
    expect(secrets).toEqual(["bluegreen:checks[1].env.KEY", "bluegreen:local.env.TOKEN"]);
    expect(text).not.toMatch(/secure|encryptionsalt/);
  });

  test("gets none of the secrets that are items of a list, and the others keep their numbers", () => {
    const others = `  other:tokens: [plain, { secure: AAAA }, [{ secure: AAAC }], last]
  other:options: { secure: true, port: 443 }
  other:once: &once
    secure: AAAD
  other:again: *once
`;
    const { secrets, text } = taken({}, dev.replace("encryptionsalt", `${others}encryptionsalt`));
    expect(secrets.filter((name) => name.startsWith("other:"))).toEqual([
      "other:tokens[1]",
      "other:tokens[2][0]",
      "other:once",
      "other:again",
    ]);
    const { config } = parse(text) as { config: Record<string, unknown> };
    expect(config["other:tokens"]).toEqual(["plain", "", [""], "last"]);
    expect(config["other:options"]).toEqual({ secure: true, port: 443 });
    expect(text).not.toContain("AAA");
  });

  test("is otherwise where the command line says so", () => {
    const own = { command: ["./run"], instances: 1, health: "/up", versionPath: "/v" };
    const { settings } = taken(own);
    expect(settings).toMatchObject({
      health: { path: "/up" },
      checks: [{ kind: "http" }, { kind: "command" }, { kind: "version", path: "/v" }],
      local: { command: ["./run"], instances: 1 },
    });
  });

  test("is made of keys without a namespace and of maps as JSON as well", () => {
    const text = `config:
  environment: dev
  bluegreen:local: '{"command":["node"],"port":8080,"instances":4}'
`;
    const { settings, text: made } = taken({}, text);
    expect(settings).toMatchObject({
      environment: "prod",
      local: { command: ["node"], port: 8081, instances: 4 },
    });
    expect(Object.keys((parse(made) as { config: object }).config)).toHaveLength(4);
  });
});
