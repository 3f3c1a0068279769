/** Steps by cohort: before any share, watched by themselves, kept to the switch, and nobody else's. */

import { describe, expect, test } from "vitest";
import { describeAction } from "../../../automation/rollout/action.ts";
import type { Policy } from "../../../automation/rollout/goal.ts";
import type { Memory } from "../../../automation/rollout/memory.ts";
import { judgeStep } from "../../../automation/rollout/step-judgement.ts";
import type { StepGrounds } from "../../../automation/rollout/step-judgement.ts";
import type { Cohort, Weights } from "../../../infra/model.ts";
import type { Given } from "../rules/views.ts";
import { nowMs, recordOf, rolloutOf } from "../rules/views.ts";
import { inRollout, mine, next, own, wordOf } from "./situations.ts";

const minute = 60_000;
const beta: Cohort = { kind: "header", name: "x-beta", value: "yes" };
const team: Cohort = { kind: "cookie", name: "team", value: "qa" };
const policy: Partial<Policy> = {
  steps: [
    { weight: 0, groups: [beta], forMs: 10 * minute },
    { weight: 0, groups: [beta, team], forMs: 10 * minute },
    { weight: 50, groups: [beta, team], forMs: 5 * minute },
  ],
};
const passed: Partial<Memory> = { ...mine.memory, checked: { digest: "sha-2", verdict: "pass" } };
const judged = (stepped: number, cohorts: number) => ({ ...mine.memory, stepped, cohorts });

function weightsOf(green: number, ...groups: Cohort[]): Weights {
  const shares = { blue: 100 - green, green };
  return groups.length === 0 ? shares : { ...shares, cohorts: { color: "green", groups } };
}

function at(weights: Weights, more: Given = {}): Given {
  return { record: { rollout: rolloutOf("shift"), claim: own.claim, weights }, ...more };
}

describe("a deploy with cohorts", () => {
  test("goes from its checks to the first one, with no share for anybody else", () => {
    const action = next(inRollout("check"), { memory: passed, policy });
    expect(action).toMatchObject({ request: { kind: "Shift", weights: weightsOf(0, beta) } });
    expect(describeAction(action)).toBe("shift of header x-beta: yes, watched for 10m");
  });

  test("watches it though it has no share", () => {
    expect(next(at(weightsOf(0, beta)), { ...mine, policy })).toEqual({
      ...{ kind: "Watch", color: "green", former: "blue", sinceMs: nowMs - minute },
      ...{ weight: 0, groups: [beta], forMs: 10 * minute, step: 1, steps: 3 },
    });
  });

  test.each([
    ["the next cohort", weightsOf(0, beta), judged(0, 1), weightsOf(0, beta, team)],
    ["the first share", weightsOf(0, beta, team), judged(0, 2), weightsOf(50, beta, team)],
  ])("goes on to %s and keeps those that it has", (_name, weights, memory, then) => {
    expect(next(at(weights), { memory, policy })).toMatchObject({
      request: { kind: "Shift", weights: then },
    });
  });

  test("ends with the switch", () => {
    const action = next(at(weightsOf(50, beta, team)), { memory: judged(50, 2), policy });
    expect(wordOf(action)).toBe("Switch");
  });

  test("goes back and pins the release when a cohort's step fails", () => {
    const baked = { verdict: "fail", sentence: "green had 9 errors" } as const;
    const memory = { ...judged(0, 1), baked };
    expect(next(at(weightsOf(0, beta)), { memory, policy })).toMatchObject({
      request: { kind: "RollBack", reason: "green had 9 errors", pin: true },
    });
  });

  test("keeps a cohort that the settings don't have any more", () => {
    const steps = [{ weight: 50, forMs: minute }];
    expect(next(at(weightsOf(0, beta)), { ...mine, policy: { steps } })).toMatchObject({
      request: { kind: "Shift", weights: weightsOf(50, beta) },
    });
  });

  test.each([
    ["took a cohort away", weightsOf(0, beta), judged(0, 2), undefined],
    ["gave it one that no step has", weightsOf(0, beta, team), {}, weightsOf(0, beta)],
  ])("stops where somebody %s", (_name, weights, memory, recorded) => {
    const drift = { kind: "interrupted", sentence: "cut short" } as const;
    const stored = recorded && { stored: recordOf({ weights: recorded }), drift };
    const steps = recorded ? [{ weight: 0, groups: [beta], forMs: minute }] : policy.steps;
    const action = next(at(weights, stored ?? {}), { memory, policy: { steps: steps ?? [] } });
    expect(action).toMatchObject({ kind: "Fail", error: { code: "DRIFT" } });
  });

  test("records a cohort whose update was cut short before it is watched", () => {
    const stored = recordOf({ weights: weightsOf(0) });
    const drift = { kind: "interrupted", sentence: "cut short" } as const;
    const cut = at(weightsOf(0, beta), { stored, drift });
    expect(next(cut, { memory: { ...mine.memory, retried: true }, policy })).toMatchObject({
      request: { kind: "Shift", weights: weightsOf(0, beta) },
    });
  });
});

describe("the judgement of a cohort", () => {
  const grounds: StepGrounds = {
    ...{ color: "green", former: "blue", alpha: 0.01, steps: 1, detect: 0.1 },
    ...{ p0: 0.01, phi: 1, slowness: null },
  };
  const seen = (green: [number, number], blue: [number, number]) => ({
    errors: [0, 1].map((share) => ({
      atMs: share * 9_000,
      newColor: { bad: green[0] * share, total: green[1] * share },
      formerColor: { bad: blue[0] * share, total: blue[1] * share },
    })),
    slow: [],
  });
  const alone = { ...grounds, comparable: false };

  test("takes no offence at users who always had more errors than the rest", () => {
    const rougher = seen([24, 4_000], [4, 40_000]);
    expect(judgeStep(grounds, rougher).verdict).toBe("fail");
    expect(judgeStep(alone, rougher).verdict).toBe("pass");
  });

  test("finds what the former color's history doesn't allow", () => {
    const bad = judgeStep(alone, seen([30, 300], [4, 40_000]));
    expect(bad.verdict).toBe("fail");
    expect(bad.sentence).toContain("green had 30 errors in 300 requests");
  });

  test("blames nobody for what both need", () => {
    expect(judgeStep(alone, seen([150, 300], [20_000, 40_000])).verdict).not.toBe("fail");
  });

  test("proves nothing where the cohort sent no request", () => {
    expect(judgeStep(alone, seen([0, 0], [0, 4_000])).verdict).toBe("inconclusive");
  });
});
