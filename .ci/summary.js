/**
 * Prints what failed, a few lines each, then `N passed, N failed[, N skipped]`, from Vitest's JSON
 * reports; fails unless all passed. With `--files` it prints the files to run a second time.
 *
 *     node summary.js FIRST SECOND passed|failed FAILED_STAGES
 *     node summary.js --files FIRST
 *
 * A file that failed and passes when it is run again, alone, counts as passed and is named FLAKY:
 * it wants to be looked at, but says nothing against a change. Where many fail, none is tried again.
 * Tests that failed as a whole count as one failure where no file is to blame.
 */

import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";

const mostAgain = 4;
const linesEach = 12;
const nothing = { numPassedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

const read = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : nothing);
const placeOf = ({ name }) => relative(process.cwd(), name);
const ofStatus = ({ assertionResults }, status) =>
  assertionResults.filter((test) => test.status === status);

/** A file that can't be loaded, or whose setup fails, has no failed test in it. */
function failuresIn(file) {
  const tests = ofStatus(file, "failed").length;
  return file.status === "failed" ? Math.max(1, tests) : tests;
}

function* storiesOf(file, word) {
  const failures = ofStatus(file, "failed");
  for (const { fullName, failureMessages } of failures) {
    yield [`${word} ${placeOf(file)}: ${fullName}`, ...begin(failureMessages.join("\n"))];
  }
  if (file.status === "failed" && failures.length === 0) {
    const title = `${word} ${placeOf(file)}: what prepares or ends its tests, see above`;
    yield [title, ...begin(file.message)];
  }
}

function begin(text = "") {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.includes("node_modules"))
    .slice(0, linesEach)
    .map((line) => `  ${line.slice(0, 300)}`);
}

const tell = (file, word) => {
  for (const story of storiesOf(file, word)) process.stdout.write(`${story.join("\n")}\n`);
};

function filesToRunAgain(report) {
  const failed = report.testResults.filter((file) => failuresIn(file) > 0);
  return failed.length <= mostAgain ? failed.map(placeOf) : [];
}

function summarize({ first, second, tests, stages }) {
  let [passed, failed] = [first.numPassedTests, stages];
  const toBlame = first.testResults.filter((each) => failuresIn(each) > 0);
  if (tests !== "passed" && toBlame.length === 0) failed += 1;
  for (const file of toBlame) {
    const again = second.testResults.find(({ name }) => name === file.name);
    const isFlaky = again !== undefined && failuresIn(again) === 0 && again.status === "passed";
    tell(file, isFlaky ? "FLAKY" : "FAILED");
    if (isFlaky) passed += ofStatus(again, "passed").length - ofStatus(file, "passed").length;
    else failed += failuresIn(file);
  }
  const skipped = first.numPendingTests + first.numTodoTests;
  const rest = skipped > 0 ? `, ${skipped} skipped` : "";
  process.stdout.write(`${passed} passed, ${failed} failed${rest}\n`);
  return failed === 0 && skipped === 0 && passed > 0;
}

const [one = "", two = "", tests = "", stages = "0"] = process.argv.slice(2);
if (one === "--files") {
  process.stdout.write(filesToRunAgain(read(two)).join("\n"));
} else {
  const ended = { first: read(one), second: read(two), tests, stages: Number(stages) };
  process.exitCode = summarize(ended) ? 0 : 1;
}
