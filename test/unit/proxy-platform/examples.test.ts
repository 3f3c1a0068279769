/** The examples for nginx and HAProxy are settings that are accepted, and fit what is said of them. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseSettingsFile } from "../../../infra/config.ts";
import type { Settings } from "../../../infra/config.ts";

const examples = join(import.meta.dirname, "../../../examples");

function read(dialect: string): { readonly settings: Settings; readonly readme: string } {
  const file = join(examples, dialect, "Pulumi.dev.yaml");
  return {
    settings: parseSettingsFile(readFileSync(file, "utf8"), file),
    readme: readFileSync(join(examples, dialect, "README.md"), "utf8"),
  };
}

test.each(["nginx", "haproxy"] as const)("the example for %s is accepted, and short", (dialect) => {
  const { settings, readme } = read(dialect);
  expect(settings).toMatchObject({ platform: "proxy", environment: "dev", activeColor: "none" });
  expect(settings.proxy).toMatchObject({ dialect, mode: "managed", host: "127.0.0.1" });
  expect(readme).toContain(`curl http://127.0.0.1:${settings.proxy.port}\n`);
  expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
});

test("nginx's has processes on the ports that its comment names", () => {
  const { colors } = read("nginx").settings.proxy;
  const ports = { blue: 9100, green: 9200 };
  expect(colors).toMatchObject({ kind: "process", instances: 2, ports });
});

test("HAProxy's has two servers per color, and a way to take a release off", () => {
  const { colors } = read("haproxy").settings.proxy;
  if (colors.kind !== "servers") expect.fail("they are processes");
  expect([colors.blue.length, colors.green.length]).toEqual([2, 2]);
  expect(colors.remove).toEqual(["./release.sh", "remove", "{port}"]);
});
