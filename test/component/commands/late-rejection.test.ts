/** A rejection that nobody handled doesn't end a command, and isn't lost either. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";

const command = join(import.meta.dirname, "../../../automation/command.ts");

/** Runs a command that leaves a rejection behind. */
function leaveRejection(verbose: boolean) {
  const code = `
    import { setTimeout as sleep } from "node:timers/promises";
    import { runCommand } from ${JSON.stringify(pathToFileURL(command).href)};
    const options = { stack: "dev", cwd: ".", json: false, yes: true, color: false };
    process.exit(await runCommand("test", { ...options, verbose: ${String(verbose)} }, async () => {
      Promise.reject(new Error("too late"));
      await sleep(10);
    }));`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
    timeout: 10_000,
  });
}

describe("a rejection that nobody handled", () => {
  test("is told with --verbose, with the place that it comes from", () => {
    const { status, stderr } = leaveRejection(true);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^a rejection that nobody handled: too late\nError: too late\n +at /);
  });

  test("ends nothing and says nothing otherwise", () => {
    expect(leaveRejection(false)).toMatchObject({ status: 0, stderr: "", stdout: "" });
  });
});
