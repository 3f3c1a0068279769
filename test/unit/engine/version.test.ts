/** Versions are compared as numbers, and the three places that name the engine's version agree. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkoutFolder, engineModuleFolder } from "../../../automation/engine/folders.ts";
import {
  fetchedPulumiVersion,
  formatVersion,
  isAtLeast,
  parseVersion,
  requiredPulumiVersion,
} from "../../../automation/engine/version.ts";
import type { Version } from "../../../automation/engine/version.ts";

describe("versions", () => {
  it.each([
    ["3.259.0", [3, 259, 0]],
    ["v3.260.0-alpha.1760000000\n", [3, 260, 0]],
    ["go1.26", [1, 26, 0]],
    ["go1.26.8", [1, 26, 8]],
    ["devel", null],
    ["", null],
  ] as const)("reads %j", (text, expected) => {
    expect(parseVersion(text)).toEqual(expected);
  });

  it.each<[Version, Version, boolean]>([
    [[3, 250, 0], [3, 250, 0], true],
    [[3, 99, 0], [3, 250, 0], false],
    [[4, 0, 0], [3, 250, 0], true],
    [[2, 999, 9], [3, 250, 0], false],
    [[3, 250, 1], [3, 250, 2], false],
  ])("compares %j with the minimum %j as numbers", (found, minimum, expected) => {
    expect(isAtLeast(found, minimum)).toBe(expected);
  });

  it("fetches an engine that is new enough", () => {
    const fetched = parseVersion(fetchedPulumiVersion);
    const required = parseVersion(requiredPulumiVersion);
    expect(fetched).not.toBeNull();
    expect(isAtLeast(fetched ?? [0, 0, 0], required ?? [9, 9, 9])).toBe(true);
    expect(formatVersion(fetched ?? [0, 0, 0])).toBe(fetchedPulumiVersion);
  });

  it("builds the version of the SDK in package.json", () => {
    const manifest = JSON.parse(readFileSync(join(checkoutFolder, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const module = readFileSync(join(engineModuleFolder, "go.mod"), "utf8");
    expect(manifest.dependencies["@pulumi/pulumi"]).toBe(fetchedPulumiVersion);
    expect(module).toContain(`require github.com/pulumi/pulumi/pkg/v3 v${fetchedPulumiVersion}\n`);
  });
});
