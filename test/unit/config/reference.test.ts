import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";

import { parseSettingsFile, projectConfigSchema, settingsMarkdown } from "../../../infra/config.ts";

const root = join(import.meta.dirname, "../../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

describe("Pulumi.yaml", () => {
  test("declares the settings as the schema has them", () => {
    const { config } = parse(read("Pulumi.yaml")) as { config: unknown };
    const schema = projectConfigSchema();
    const paste = stringify({ config: schema }, { lineWidth: 0 });
    expect(config, `paste this into Pulumi.yaml:\n\n${paste}`).toEqual(schema);
  });

  test("requires the environment only, so that a color's stack is never run without its file", () => {
    const required = Object.entries(projectConfigSchema()).filter(
      ([, { default: preset }]) => preset === undefined,
    );
    expect(required.map(([key]) => key)).toEqual(["bluegreen:environment"]);
  });
});

describe("the settings files of the example", () => {
  test.each([
    ["dev", 8080],
    ["prod", 8090],
  ])("%s listens on port %i", (environment, port) => {
    const file = `Pulumi.${environment}.yaml`;
    const settings = parseSettingsFile(read(file), file);
    expect(settings.environment).toBe(environment);
    expect(settings.local.port).toBe(port);
    expect(settings.activeColor).toBe("none");
  });
});

describe("the table of settings", () => {
  test("has a row with a type and a meaning for every key", () => {
    const rows = settingsMarkdown().trimEnd().split("\n").slice(2);
    const cells = rows.map((row) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()));
    expect(cells.filter((row) => row.length !== 6)).toEqual([]);
    expect(cells.filter(([, key, type, , meaning]) => !key || !type || !meaning)).toEqual([]);
    expect(rows).toContain(
      "| `local.instances` | a whole number from 1 to 64 | `2` | Instances of a color. |",
    );
    expect(rows.filter((row) => row.startsWith("| `checks[version].json` "))).toHaveLength(1);
  });
});
