/** What a command says when it is asked to stop. */

import { expect, test } from "vitest";
import { StepUnderWay } from "../../../automation/step-under-way.ts";

const begun = { kind: "Begun", action: "provision green with 2", phase: "provision" } as const;

test("names the step and the longest time that it may still take", () => {
  let nowMs = 0;
  const step = new StepUnderWay(() => nowMs);
  step.on({ ...begun, mayTakeMs: 120_000 });
  nowMs = 19_500;
  expect(step.stopping()).toMatch(
    /^stopping after this step \(provision green with 2, within 1m41s\); a second .* leaves at once/,
  );
});

test("names no time where none is known, or it is over already", () => {
  let nowMs = 0;
  const step = new StepUnderWay(() => nowMs);
  step.on(begun);
  expect(step.stopping()).toContain("(provision green with 2);");
  step.on({ ...begun, mayTakeMs: 1_000 });
  nowMs = 2_000;
  expect(step.stopping()).toContain("(provision green with 2);");
});

test("names no step between two of them", () => {
  const step = new StepUnderWay(() => 0);
  step.on(begun);
  step.on({ kind: "Ended", action: begun.action, ms: 3 });
  expect(step.stopping()).toMatch(/^stopping after this step; a second /);
});
