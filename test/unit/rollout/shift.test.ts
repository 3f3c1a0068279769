/** The way to a switch in steps: each share once, judged, and back at once where it fails. */

import { describe, expect, test } from "vitest";
import { describeAction } from "../../../automation/rollout/action.ts";
import type { Policy, SwitchTo } from "../../../automation/rollout/goal.ts";
import type { Memory } from "../../../automation/rollout/memory.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { Given } from "../rules/views.ts";
import { alice, bob, claimOf, inMinutes, nowMs, recordOf, rolloutOf } from "../rules/views.ts";
import { deployTwo, failedWith, finish, inRollout, mine, next, own, wordOf } from "./situations.ts";

const minute = 60_000;
const policy: Partial<Policy> = {
  steps: [
    { weight: 10, forMs: 2 * minute },
    { weight: 50, forMs: 45 * minute },
  ],
};
const passed: Partial<Memory> = { ...mine.memory, checked: { digest: "sha-2", verdict: "pass" } };

/** Green has this share since a minute. */
function at(green: number, more: Given["record"] = {}): Given {
  const weights = { blue: 100 - green, green };
  return { record: { rollout: rolloutOf("shift"), claim: own.claim, weights, ...more } };
}

describe("a deploy in steps", () => {
  test("goes from its checks to the first share, under a claim that outlives the step", () => {
    const action = next(inRollout("check"), { memory: passed, policy });
    expect(action).toMatchObject({
      request: {
        kind: "Shift",
        rolloutId: "r-2",
        digest: "sha-2",
        weights: { blue: 90, green: 10 },
        until: inMinutes(32),
      },
    });
    expect(describeAction(action)).toBe("shift to 10 %, watched for 2m");
  });

  test("watches each share from when the record says that it began", () => {
    expect(next(at(10), { ...mine, policy })).toEqual({
      kind: "Watch",
      color: "green",
      former: "blue",
      sinceMs: nowMs - minute,
      weight: 10,
      forMs: 2 * minute,
      step: 1,
      steps: 2,
    });
    expect(next(at(50), { ...mine, policy })).toMatchObject({ weight: 50, step: 2 });
  });

  test("goes on to the next share once one is judged, and from the last to the switch", () => {
    const first = next(at(10), { memory: { ...mine.memory, stepped: 10 }, policy });
    expect(first).toMatchObject({ request: { kind: "Shift", weights: { blue: 50, green: 50 } } });
    const last = next(at(50), { memory: { ...mine.memory, stepped: 50 }, policy });
    expect(last).toMatchObject({ request: { kind: "Switch", digest: "sha-2", holdUntil: null } });
  });

  test("goes back and pins the release when a step fails", () => {
    const baked = { verdict: "fail", sentence: "green had 9 errors" } as const;
    const memory = { ...mine.memory, stepped: 10, baked };
    expect(next(at(10), { memory, policy })).toMatchObject({
      request: { kind: "RollBack", reason: "green had 9 errors", rolloutId: "r-2", pin: true },
    });
  });

  test("goes back without a pin when a later share is refused: nobody would judge the first", () => {
    const error = new BlueGreenError("COLOR_UNHEALTHY", "green has 0 of 2 instances ready");
    const memory = { ...mine.memory, stepped: 10, ...failedWith(error) };
    expect(next(at(10), { memory, policy })).toMatchObject({
      request: { kind: "RollBack", reason: error.message, rolloutId: "r-2", pin: false },
    });
  });

  test("leaves the share to another owner who has taken it over", () => {
    const error = new BlueGreenError("CLAIMED", "somebody else");
    const memory = { ...mine.memory, ...failedWith(error) };
    const theirs = at(10, { claim: claimOf({ owner: bob }) });
    expect(next(theirs, { memory, policy })).toMatchObject({ kind: "Fail", error });
  });

  test("says so where going back failed as well", () => {
    const baked = { verdict: "fail", sentence: "green had 9 errors" } as const;
    const error = new BlueGreenError("ROLLBACK_IMPOSSIBLE", "blue has no ready instance");
    const memory = { ...mine.memory, baked, ...failedWith(error) };
    expect(wordOf(next(at(10), { memory, policy }))).toBe("ROLLBACK_IMPOSSIBLE");
  });

  test("records a share whose update was cut short before it watches it", () => {
    const cut = { ...at(50), drift: { kind: "interrupted", sentence: "cut short" } } as const;
    const memory = { ...mine.memory, retried: true };
    expect(next(cut, { memory, policy })).toMatchObject({
      request: { kind: "Shift", weights: { blue: 50, green: 50 } },
    });
  });

  const cutAt = (green: number): Given => {
    const stored = recordOf({ weights: { blue: 90, green: 10 } });
    return { ...at(green), stored, drift: { kind: "interrupted", sentence: "cut short" } };
  };

  test.each([
    ["that is no step, in the run", 80, mine.memory],
    ["that is no step, after a kill", 80, {}],
    ["of a step, in a run none of whose updates failed", 50, mine.memory],
  ])("stops at a share that somebody set with the stamp left: one %s", (_name, green, memory) => {
    const action = next(cutAt(green), { memory, policy });
    expect(action).toMatchObject({
      error: {
        code: "DRIFT",
        message: `somebody moved traffic in the shift: the record says 10 %, now it is ${green} %`,
      },
    });
  });

  test("ends where somebody took the traffic away", () => {
    expect(next(at(0), { ...mine, policy })).toMatchObject({
      request: { kind: "Abort", reason: "traffic was moved away from green" },
    });
  });

  test("goes on from a share that the settings don't have any more", () => {
    expect(next(at(30), { ...mine, policy })).toMatchObject({
      request: { kind: "Shift", weights: { blue: 50, green: 50 } },
    });
    expect(wordOf(next(at(30), { ...mine, policy: { steps: [] } }))).toBe("Switch");
  });

  test("of a first release has nobody to share with", () => {
    const given = inRollout("check", {
      record: { activeColor: null, rollout: rolloutOf("check", { former: null }) },
    });
    expect(wordOf(next(given, { memory: passed, policy }))).toBe("Switch");
  });
});

describe("a step that a metric may hold for five minutes", () => {
  const held = { ...policy, holdMs: 5 * 60_000 };

  test("begins under a claim that outlives the hold as well", () => {
    expect(next(inRollout("check"), { memory: passed, policy: held })).toMatchObject({
      request: { kind: "Shift", until: inMinutes(37) },
    });
  });

  test("is taken over under one that does", () => {
    const left = at(50, { claim: claimOf({ owner: bob }) });
    expect(next(left, { goal: finish, policy: held, bobIsDead: true })).toMatchObject({
      request: { kind: "Claim", until: inMinutes(80) },
    });
  });
});

describe("another run that finds a shift under way", () => {
  test.each([finish, deployTwo])("takes it over for the rest of its step", (goal) => {
    const left = at(50, { claim: claimOf({ owner: bob }) });
    const action = next(left, { goal, policy, bobIsDead: true });
    expect(action).toMatchObject({
      request: { kind: "Claim", rolloutId: "r-2", owner: alice, until: inMinutes(75) },
    });
  });

  test("doesn't touch it while its owner may be alive", () => {
    const held = at(50, { claim: claimOf({ owner: bob }) });
    expect(wordOf(next(held, { policy }))).toBe("CLAIMED");
  });
});

describe("a switch in steps", () => {
  const goal: SwitchTo = { kind: "SwitchTo", color: "green", bake: true };
  const checked: Partial<Memory> = { checked: { digest: "sha-2", verdict: "pass" } };

  test("begins its rollout before it moves anything", () => {
    const action = next({}, { goal, memory: checked, policy });
    expect(action).toMatchObject({ request: { kind: "Claim", rollout: "switch", color: "green" } });
    const begun: Given = {
      record: { rollout: rolloutOf("check", { kind: "switch" }), claim: own.claim },
    };
    const then = next(begun, { goal, memory: { ...mine.memory, ...checked }, policy });
    expect(then).toMatchObject({ request: { kind: "Shift", weights: { blue: 90, green: 10 } } });
  });

  test("without a bake moves all traffic at once, as no step would be judged", () => {
    const unwatched = { goal: { ...goal, bake: false }, memory: checked, policy };
    expect(wordOf(next({}, unwatched))).toBe("Switch");
  });
});

test("a person's word takes a rollout through its gate with the first share", () => {
  const rollout = rolloutOf("gate", { gateUntil: inMinutes(60) });
  const waiting: Given = { record: { rollout, claim: own.claim } };
  const goal = { ...finish, permit: { reason: "tested" } };
  const action = next(waiting, { goal, memory: passed, policy: { ...policy, gate: "manual" } });
  expect(action).toMatchObject({
    request: { kind: "Shift", permission: { by: "alice on ci-1", reason: "tested" } },
  });
});
