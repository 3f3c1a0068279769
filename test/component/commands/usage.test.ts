/** Command lines that can't be understood: refused before anything runs, with a hint that helps. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { checkoutFolder } from "../../../automation/engine/folders.ts";
import { placeOf } from "../../../infra/platforms/local/place.ts";
import { start } from "../../support/project/command.ts";
import type { Run } from "../../support/project/command.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bluegreen-usage-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
});

function run(...args: readonly string[]): Promise<Run> {
  const file = join(checkoutFolder, "bin", "bluegreen");
  const env = { PATH: process.env["PATH"], HOME: folder, XDG_STATE_HOME: join(folder, "state") };
  return start({ file, args, cwd: folder, env }).done;
}

function writeSettings(): void {
  writeFileSync(join(folder, "Pulumi.yaml"), "name: shop\nmain: infra/index.ts\n");
  const settings =
    "config:\n  bluegreen:environment: dev\n  bluegreen:application: shop\n" +
    "  bluegreen:local:\n    command: [node]\n";
  writeFileSync(join(folder, "Pulumi.dev.yaml"), settings);
}

describe("a version that can't be one", () => {
  test.each([
    ["deploy", "--version", ""],
    ["deploy", "--version", "a b"],
    ["deploy", "--version=-x"],
    ["preview", "--version", "a\u001b[2J"],
  ])("stops %s %s %j before anything runs", async (...args) => {
    writeSettings();
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^USAGE: --version ".*" names no release\n/);
    expect(stderr).toContain(`bluegreen ${args[0]} --help`);
    expect(stderr).not.toContain("\u001b");
    expect(existsSync(join(folder, "state"))).toBe(false);
  });
});

describe("a release that can't be one", () => {
  test.each([
    ["pin", ""],
    ["pin", "a b"],
    ["pin", `1${"0".repeat(128)}`],
    ["unpin", ""],
    ["unpin", "a\u001b[2J"],
  ])("stops %s %j before anything runs", async (...args) => {
    writeSettings();
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^USAGE: ".*("|\.\.\.) names no release\n/);
    expect(stderr).toContain(`bluegreen ${args[0]} --help`);
    expect(stderr).not.toContain("\u001b");
    expect(existsSync(join(folder, "state"))).toBe(false);
  });
});

describe("the hint", () => {
  test.each([
    [["deploy", "--versoin", "2"], "bluegreen deploy --help"],
    [["-s", "prod", "switch", "purple"], "bluegreen switch --help"],
    [["logs", "--router", "blue"], "bluegreen logs --help"],
    [["deplyo"], "bluegreen --help"],
    [[], "bluegreen --help"],
  ] as const)("of %j is %s", async (args, hint) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^USAGE: /);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(`hint: ${hint}`);
  });
});

describe("with --json", () => {
  test.each([
    [["deploy", "--versoin", "3", "--json"], "bluegreen deploy --help"],
    [["--json", "nonsense"], "bluegreen --help"],
    [["check", "purple", "--json=true"], "bluegreen check --help"],
    [["deploy", "--version", "a b", "--json"], "see `bluegreen deploy --help`"],
  ] as const)("%j fails as any other error does", async (args, hint) => {
    writeSettings();
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "Failed",
      code: "USAGE",
      hint: expect.stringContaining(hint) as string,
      details: [],
    });
  });

  test("that is handed on to Pulumi, or taken back, people are told", async () => {
    for (const args of [
      ["nonsense", "--", "--json"],
      ["nonsense", "--json", "--no-json"],
    ]) {
      const { code, stdout, stderr } = await run(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^USAGE: /);
    }
  });
});

describe("logs of an instance", () => {
  function writeLogs(count: number): void {
    const place = placeOf(
      { application: "shop", environment: "dev" },
      { XDG_STATE_HOME: join(folder, "state") },
    );
    const logs = join(place.color.blue, "logs");
    mkdirSync(logs, { recursive: true });
    for (let at = 0; at < count; at += 1) writeFileSync(join(logs, `${at}.log`), `line ${at}\n`);
  }

  test("that isn't there are refused with the numbers that are", async () => {
    writeSettings();
    writeLogs(3);
    const { code, stderr } = await run("logs", "blue", "--instance", "9");
    expect(code).toBe(2);
    expect(stderr).toContain("USAGE: blue has no instance 9\n");
    expect(stderr).toContain("`bluegreen logs blue --instance N`: N is from 0 to 2");
    expect(await run("logs", "blue", "--instance", "2")).toMatchObject({
      code: 0,
      stdout: "blue 2 | line 2\n",
    });
  });

  test("of a color that was never filled here are none", async () => {
    writeSettings();
    const { code, stdout } = await run("logs", "green", "--instance", "0");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  });
});
