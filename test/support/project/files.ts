/** The texts of a test project's files: Pulumi.yaml, and settings that are short in everything. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutFolder } from "../../../automation/engine/folders.ts";
import { linkName } from "../../../automation/init/link.ts";
import { appFile } from "./app.ts";

/** The checkout's own, with the program and its provider behind the link. */
export function projectYaml(): string {
  return readFileSync(join(checkoutFolder, "Pulumi.yaml"), "utf8")
    .replace(/^main: infra\//m, `main: ${linkName}/infra/`)
    .replace(/^(\s*path: )infra\//m, `$1${linkName}/infra/`);
}

/** Short in everything, so that a rollout takes a few seconds. */
const defaultSettings: Readonly<Record<string, string>> = {
  application: "test",
  activeColor: "none",
  health: "{ path: /healthz, timeout: 1s, interval: 100ms }",
  checks: "[{ kind: http, path: /probe, retries: 0 }, { kind: version, path: /version }]",
  probe: "{ path: /probe, count: 3, ratePerSecond: 50, timeout: 500ms }",
  bake: "{ duration: 0s }",
  drain: "200ms",
  switchWithin: "3s",
  claim: "5m",
};

export interface SettingsParts {
  readonly root: string;
  readonly stack: string;
  readonly port: number;
  readonly faults: string;
  /** Text of further `config:` lines, by key. */
  readonly settings: Readonly<Record<string, string>>;
  readonly instances: number;
}

export function settingsYaml({
  root,
  stack,
  port,
  faults,
  settings,
  instances,
}: SettingsParts): string {
  const local = [
    // The last word lets every process of the project be found by its folder.
    `command: ["node", "${appFile}", "--of=${root}"]`,
    "cwd: app",
    `env: { FAULTS: ${JSON.stringify(faults)} }`,
    `instances: ${instances}`,
    "start: 5s",
    `port: ${port}`,
  ];
  const entries = Object.entries({ environment: stack, ...defaultSettings, ...settings });
  return [
    "# Settings of a test; comments stay.",
    "config:",
    ...entries.map(([key, value]) => `  bluegreen:${key}: ${value}`),
    "  bluegreen:local:",
    ...local.map((line) => `    ${line}`),
    "",
  ].join("\n");
}
