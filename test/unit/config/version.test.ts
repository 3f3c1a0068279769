/** What may be a version is the same in the settings and on the command line. */

import { describe, expect, test } from "vitest";
import { versionOf } from "../../../automation/commands/options.ts";
import type { Arguments } from "../../../automation/commands/command.ts";
import { parseSettings } from "../../../infra/config.ts";

const right = ["1", "1.4.2", "v2.0.0-rc.1+build_7", "main:abc123", "a@b", "x".repeat(128)];
const wrong = [
  "a b",
  " 1",
  "1 ",
  "1\n",
  "-x",
  ".1",
  "../1",
  "a/b",
  "\u0007",
  "\u001b[31mred",
  "ü",
  "x".repeat(129),
];

function inSettings(version: string): boolean {
  const raw = { environment: "dev", local: '{"command":["node"]}', version };
  try {
    return parseSettings(raw).version === version;
  } catch {
    return false;
  }
}

function onCommandLine(version: unknown): string | null {
  return versionOf({ version } as unknown as Arguments, "deploy");
}

describe("a version", () => {
  test.each(right)("may be %j", (version) => {
    expect([inSettings(version), onCommandLine(version)]).toEqual([true, version]);
  });

  test.each(wrong)("can't be %j", (version) => {
    expect(inSettings(version)).toBe(false);
    expect(() => onCommandLine(version)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  test.each(["", true, false, ["1", "2"]])("given as --version can't be %j", (version) => {
    expect(() => onCommandLine(version)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  test("may be left out on the command line", () => {
    expect(onCommandLine(undefined)).toBeNull();
  });

  test("that steers a terminal is named without steering it", () => {
    expect(() => onCommandLine("\u001b[31m\u009b1m")).toThrow(
      /^--version "\\u001b\[31m[^\u009b]*"/,
    );
  });
});
