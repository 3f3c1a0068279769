/** CI's last line can't say that all is well when it isn't. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const script = join(import.meta.dirname, "..", "..", "..", ".ci", "summary.js");
const folder = mkdtempSync(join(tmpdir(), "bg-ci-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Status = "passed" | "failed";

/** A file's report: its own status, then those of its tests. */
function fileOf(name: string, status: Status, tests: readonly Status[]) {
  const assertionResults = tests.map((each, index) => ({
    fullName: `test ${index}`,
    status: each,
    failureMessages: each === "failed" ? ["Error: it broke"] : [],
  }));
  return { name: join(process.cwd(), name), status, message: "", assertionResults };
}

function reportOf(name: string, files: readonly ReturnType<typeof fileOf>[], skipped = 0): string {
  const passed = files.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === "passed"),
  );
  const path = join(folder, name);
  const counts = { numPassedTests: passed.length, numPendingTests: skipped, numTodoTests: 0 };
  writeFileSync(path, JSON.stringify({ ...counts, testResults: files }));
  return path;
}

function summaryOf(...args: readonly string[]) {
  const { stdout, status } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { lines: stdout.trimEnd().split("\n"), code: status };
}

const good = fileOf("a.test.ts", "passed", ["passed", "passed"]);
const none = join(folder, "none.json");

describe("CI's summary", () => {
  it("passes only where all passed and nothing was skipped", () => {
    const first = reportOf("all.json", [good]);
    expect(summaryOf(first, none, "passed", "0")).toEqual({
      lines: ["2 passed, 0 failed"],
      code: 0,
    });
    expect(summaryOf(first, none, "passed", "1").code).toBe(1);
    const skipping = reportOf("skipping.json", [good], 3);
    expect(summaryOf(skipping, none, "passed", "0")).toEqual({
      lines: ["2 passed, 0 failed, 3 skipped"],
      code: 1,
    });
    expect(summaryOf(none, none, "failed", "0").code).toBe(1);
  });

  it("fails where the tests failed and no file is to blame", () => {
    const first = reportOf("nobody.json", [good]);
    expect(summaryOf(first, none, "failed", "0")).toEqual({
      lines: ["2 passed, 1 failed"],
      code: 1,
    });
  });

  it("names a file that passes the second time as flaky, and counts it as passed", () => {
    const first = reportOf("first.json", [good, fileOf("b.test.ts", "failed", ["failed"])]);
    expect(summaryOf("--files", first).lines).toEqual(["b.test.ts"]);
    const second = reportOf("second.json", [fileOf("b.test.ts", "passed", ["passed"])]);
    expect(summaryOf(first, second, "failed", "0")).toEqual({
      lines: ["FLAKY b.test.ts: test 0", "  Error: it broke", "3 passed, 0 failed"],
      code: 0,
    });
  });

  it("keeps failed what fails twice, or outside of its tests", () => {
    const broken = [fileOf("b.test.ts", "failed", ["passed", "failed"])];
    const first = reportOf("twice.json", broken);
    expect(summaryOf(first, reportOf("again.json", broken), "failed", "0")).toMatchObject({
      lines: [
        expect.stringContaining("FAILED b.test.ts"),
        "  Error: it broke",
        "1 passed, 1 failed",
      ],
      code: 1,
    });
    const ending = reportOf("ending.json", [fileOf("b.test.ts", "failed", ["passed"])]);
    expect(summaryOf(ending, none, "failed", "0")).toMatchObject({
      lines: [expect.stringContaining("prepares or ends its tests"), "1 passed, 1 failed"],
      code: 1,
    });
  });

  it("tries none again where many files fail", () => {
    const files = ["b", "c", "d", "e", "f"].map((each) =>
      fileOf(`${each}.test.ts`, "failed", ["failed"]),
    );
    expect(summaryOf("--files", reportOf("many.json", files)).lines).toEqual([""]);
  });
});
