/** Prints `N passed, N failed[, N skipped]` from Vitest's JSON report; fails unless all passed. */

import { existsSync, readFileSync } from "node:fs";
import process from "node:process";

/** Stages beside the tests that failed count as well, so that no failure hides behind a number. */
const [file = "", failedStages = "0"] = process.argv.slice(2);

const nothing = { numPassedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : nothing;

/** A file that can't be loaded, or whose setup fails, has no failed test in it. */
function failuresIn({ status, assertionResults }) {
  const tests = assertionResults.filter((test) => test.status === "failed").length;
  return status === "failed" ? Math.max(1, tests) : tests;
}

const passed = report.numPassedTests;
const skipped = report.numPendingTests + report.numTodoTests;
const failed =
  report.testResults.map(failuresIn).reduce((sum, count) => sum + count, 0) + Number(failedStages);

const rest = skipped > 0 ? `, ${skipped} skipped` : "";
process.stdout.write(`${passed} passed, ${failed} failed${rest}\n`);
process.exitCode = failed === 0 && skipped === 0 && passed > 0 ? 0 : 1;
