/** When the idle color may go, and what a person is told while it may not. */

import { describe, expect, test } from "vitest";
import { describeAction } from "../../../automation/rollout/action.ts";
import type { Goal } from "../../../automation/rollout/goal.ts";
import type { Given } from "../rules/views.ts";
import { claimOf, inMinutes, pinOn, rolloutOf } from "../rules/views.ts";
import { inRollout, next, wordOf } from "./situations.ts";

describe("a retirement", () => {
  const goal = { kind: "RetireIdle", color: "green", force: false } as const;
  const forced = { ...goal, force: true };
  const traffic = (open: number, lastRequestAt: string | null, color = "green"): Given => ({
    reading: {
      traffic: {
        kind: "counted",
        colors: {
          blue: { requests: 9, errors: 0, open: 0, lastRequestAt: null },
          green: { requests: 9, errors: 0, open: 0, lastRequestAt: null },
          [color]: { requests: 9, errors: 0, open, lastRequestAt },
        },
      },
    },
  });
  const secondsAgo = (seconds: number): string => inMinutes(-seconds / 60);

  test("goes from the latch over the emptying to its end", () => {
    expect(next({}, { goal })).toMatchObject({ request: { kind: "Retire", color: "green" } });
    const record = { retiring: "green" } as const;
    expect(next({ record }, { goal })).toEqual({ kind: "Empty", color: "green" });
    expect(wordOf(next({ record, colors: { green: null } }, { goal }))).toBe("Retired");
    expect(wordOf(next({ colors: { green: null } }, { goal }))).toBe("Finish");
  });

  test("also empties a color that never got to its end", () => {
    const half = { claim: claimOf({ rolloutId: "r-3", owner: null }) };
    const colors = { green: null };
    expect(wordOf(next({ record: half, colors }, { goal: forced }))).toBe("Retire");
    const latched: Given = { record: { ...half, retiring: "green" }, colors };
    expect(wordOf(next(latched, { goal: forced }))).toBe("Empty");
    expect(wordOf(next(latched, { goal: forced, memory: { emptied: "green" } }))).toBe("Retired");
  });

  test.each<[string, Given, string]>([
    ["a request that is open since a moment ago", traffic(1, secondsAgo(9)), "COLOR_BUSY"],
    ["one that has had its time to end", traffic(1, secondsAgo(10)), "Retire"],
    ["one from before the router's own start", traffic(1, null), "Retire"],
    ["a request a moment ago", traffic(0, secondsAgo(9)), "COLOR_BUSY"],
    ["traffic by weight", { record: { weights: { blue: 90, green: 10 } } }, "COLOR_SERVES"],
    ["the last request long ago", traffic(0, secondsAgo(10)), "Retire"],
    ["requests to the other color", traffic(5, secondsAgo(0), "blue"), "Retire"],
    ["traffic that can't be counted", { reading: { traffic: { kind: "unknown" } } }, "Retire"],
  ])("meets %s", (_name, given, word) => {
    expect(wordOf(next(given, { goal }))).toBe(word);
  });

  test("tells of the window first: that can be waited for by the clock", () => {
    const busy = traffic(1, secondsAgo(0));
    const windowed = { ...busy, record: { rollbackUntil: inMinutes(5) } };
    expect(wordOf(next(windowed, { goal }))).toBe("WINDOW_OPEN");
    expect(wordOf(next({ ...busy, record: { rollbackUntil: inMinutes(-5) } }, { goal }))).toBe(
      "COLOR_BUSY",
    );
    const claimed = inRollout("provision", { ...busy, record: { rollbackUntil: inMinutes(5) } });
    expect(wordOf(next(claimed, { goal }))).toBe("CLAIMED");
    expect(wordOf(next(windowed, { goal: forced }))).toBe("Retire");
  });

  test("by force doesn't wait for silence", () => {
    expect(wordOf(next(traffic(3, secondsAgo(0)), { goal: forced }))).toBe("Retire");
  });
});

describe("before the way back goes, the active color", () => {
  const goal = { kind: "RetireIdle", color: "blue", force: false } as const;
  const policy = { bakeMs: 30_000, hooks: ["PRE_CLEAN_UP"] as const };
  const baked = { verdict: "pass", sentence: "fine" } as const;
  /** Green serves release 2 and has passed; the window of blue is over. */
  const held: Given = inRollout("hold", {
    record: { claim: null, rollout: rolloutOf("hold", { baked }) },
  });
  const fails = { verdict: "fail", sentence: "24 errors in 24 requests" } as const;
  const look = { kind: "JudgeAgain", color: "green", idle: "blue" };

  test("is judged once more, before any hook runs", () => {
    expect(next(held, { goal, policy })).toEqual(look);
    expect(next(held, { goal: { ...goal, force: true }, policy })).toEqual(look);
    const left = inRollout("bake", { record: { claim: null } });
    expect(next(left, { goal: { ...goal, force: true }, policy })).toEqual(look);
  });

  test("keeps it where it fails now, and the error says how to go on", () => {
    const action = next(held, { goal, policy, memory: { judgedAgain: fails } });
    expect(action).toMatchObject({
      kind: "Fail",
      error: {
        code: "ACTIVE_FAILING",
        exitCode: 3,
        message: "green fails now: 24 errors in 24 requests; blue is kept",
      },
    });
    const hint = (force: boolean) => {
      const asked = { goal: { ...goal, force }, policy, memory: { judgedAgain: fails } };
      const refused = next(held, asked);
      return refused.kind === "Fail" ? refused.error.hint : null;
    };
    expect(hint(false)).toContain("`bluegreen rollback` goes back to blue");
    expect(hint(false)).toContain("`bluegreen retire --override-failing REASON`");
    expect(hint(true)).toContain("`bluegreen retire --now --override-failing REASON`");
  });

  test.each(["pass", "inconclusive"] as const)("lets it go where the look says %s", (verdict) => {
    const memory = { judgedAgain: { verdict, sentence: "seen" } };
    expect(wordOf(next(held, { goal, policy, memory }))).toBe("RunHooks");
    const hooked = { ...memory, hooksDone: policy.hooks };
    expect(next(held, { goal, policy, memory: hooked })).toEqual({
      kind: "Update",
      request: { kind: "Retire", color: "blue", force: false },
    });
  });

  test("isn't judged where a person overrides that, and the history has the reason", () => {
    const overridden = { ...goal, overrideFailing: "a load test" };
    const memory = { hooksDone: policy.hooks };
    const action = next(held, { goal: overridden, policy, memory });
    expect(action).toMatchObject({ request: { kind: "Retire", overrideFailing: "a load test" } });
    expect(describeAction(action)).toBe(
      "detach blue for good, whether green fails or not: a load test",
    );
  });

  test.each<readonly [string, Given, Goal]>([
    [
      "the window is open",
      { ...held, record: { ...held.record, rollbackUntil: inMinutes(5) } },
      goal,
    ],
    ["somebody fills the color", inRollout("provision"), { ...goal, color: "green" }],
  ])("isn't judged while it may not go anyway: %s", (_name, given, asked) => {
    expect(wordOf(next(given, { goal: asked, policy }))).toMatch(/WINDOW_OPEN|CLAIMED/);
  });

  test("isn't judged where no way back goes: what traffic was taken from, or none is active", () => {
    const retiring = { goal: { ...goal, color: "green" } as const, policy: { bakeMs: 30_000 } };
    const left: Given = { record: { pins: [pinOn("2")] } };
    expect(wordOf(next(left, retiring))).toBe("Retire");
    expect(wordOf(next({ record: { activeColor: null } }, retiring))).toBe("Retire");
  });

  test("isn't judged where releases aren't baked", () => {
    expect(wordOf(next(held, { goal, policy: { bakeMs: 0 } }))).toBe("Retire");
  });

  test("isn't judged by who goes on with a retirement that has begun", () => {
    const begun: Given = { ...held, record: { ...held.record, retiring: "blue" } };
    expect(wordOf(next(begun, { goal, policy }))).toBe("Empty");
  });
});
