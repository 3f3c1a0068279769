import { expect, test } from "vitest";
import { verdictOf } from "../../../automation/checks/finding.ts";
import type { Verdict } from "../../../infra/model.ts";

const found = (...verdicts: Verdict[]) =>
  verdicts.map((verdict) => ({ verdict, sentence: "", evidence: "" }));

test.each([
  [["pass", "pass"], "pass"],
  [["pass", "inconclusive"], "inconclusive"],
  [["inconclusive", "error", "pass"], "error"],
  [["error", "inconclusive", "fail", "pass"], "fail"],
] as const)("finds the worst of %o: %s", (verdicts, worst) => {
  expect(verdictOf(found(...verdicts), verdicts.length)).toBe(worst);
});

test("passes without findings only where no checks are configured", () => {
  expect(verdictOf([], 0)).toBe("pass");
  expect(verdictOf([], 1)).toBe("inconclusive");
});

test("doesn't pass while a finding is missing, and doesn't hide a failure by it", () => {
  expect(verdictOf(found("pass"), 2)).toBe("inconclusive");
  expect(verdictOf(found("fail"), 2)).toBe("fail");
});
