/** Which step of a shift given weights are in. */

import { expect, test } from "vitest";
import type { ShiftStep } from "../../../automation/rollout/goal.ts";
import { isAhead, stepIn } from "../../../automation/rollout/shift-steps.ts";
import type { Cohort } from "../../../infra/model.ts";

const beta: Cohort = { kind: "header", name: "x-beta", value: "yes" };
const steps: readonly ShiftStep[] = [
  { weight: 0, groups: [beta], forMs: 1 },
  { weight: 10, groups: [beta], forMs: 2 },
  { weight: 50, groups: [beta], forMs: 3 },
];

test("a share is in the last step that has it, with no cohort more than there is", () => {
  const withBeta = (green: number) => ({
    blue: 100 - green,
    green,
    cohorts: { color: "green" as const, groups: [beta] },
  });
  expect(stepIn(steps, { blue: 100, green: 0 }, "green")).toBe(-1);
  expect(stepIn(steps, { blue: 75, green: 25 }, "green")).toBe(-1);
  expect([0, 10, 50].map((share) => stepIn(steps, withBeta(share), "green"))).toEqual([0, 1, 2]);
});

test("a cohort that the settings got in the middle of a shift is too late, and loses no step", () => {
  const weights = { blue: 90, green: 10 };
  expect(stepIn(steps, weights, "green")).toBe(1);
  expect(steps.filter((step) => isAhead(step, weights, "green"))).toEqual([steps[2]]);
});
