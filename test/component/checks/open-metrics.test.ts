/** Secrets of metrics that checks read are opened with the engine, and only where a check reads one. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openForChecks } from "../../../automation/operations/check-color.ts";
import { opaqueSecret, parseSettingsFile } from "../../../infra/config.ts";

const cwd = mkdtempSync(join(tmpdir(), "bluegreen-checks-"));
const settingsFile = join(cwd, "Pulumi.dev.yaml");

afterAll(() => {
  rmSync(cwd, { recursive: true });
});

const lag = { kind: "json", name: "lag", url: "http://127.0.0.1:1/", value: "lag", upper: 9 };
const bake = { duration: "10m" };

/** The settings as checks get them, and how often the engine was asked for secrets. */
async function opened(check: object) {
  const text = [
    "config:",
    "  bluegreen:environment: dev",
    '  bluegreen:local: { command: ["node"] }',
    `  bluegreen:bake: ${JSON.stringify(bake)}`,
    `  bluegreen:checks: ${JSON.stringify([check])}`,
    "  bluegreen:metrics:",
    ...Object.entries(lag).map(
      ([key, value], at) => `    ${at === 0 ? "-" : " "} ${key}: ${value}`,
    ),
    "      headers: { key: { secure: v1:abc } }",
    "",
  ].join("\n");
  writeFileSync(settingsFile, text);
  const answer = {
    "bluegreen:environment": { value: "dev" },
    "bluegreen:local": { value: '{"command":["node"]}' },
    "bluegreen:bake": { value: JSON.stringify(bake) },
    "bluegreen:checks": { value: JSON.stringify([check]) },
    "bluegreen:metrics": {
      value: JSON.stringify([{ ...lag, headers: { key: "in clear" } }]),
      secret: true,
    },
  };
  let asked = 0;
  const cli = () => {
    asked += 1;
    return Promise.resolve(JSON.stringify(answer));
  };
  const settings = parseSettingsFile(text, settingsFile);
  const { metrics } = await openForChecks({ settings, settingsFile, cwd, engine: { cli } });
  return { metrics, asked };
}

test("a metric that a check reads has them in clear", async () => {
  const { metrics, asked } = await opened({ kind: "metric", metric: "lag", atMost: 5 });
  expect(metrics).toMatchObject([{ headers: { key: "in clear" } }]);
  expect(asked).toBe(1);
});

test("one that none reads stays closed", async () => {
  const { metrics, asked } = await opened({ kind: "tcp" });
  expect(metrics).toMatchObject([{ headers: { key: opaqueSecret } }]);
  expect(asked).toBe(0);
});
