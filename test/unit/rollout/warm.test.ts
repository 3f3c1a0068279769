/** When the former color shrinks, and when it grows before or after a way back. */

import { describe, expect, test } from "vitest";
import { keptOf } from "../../../automation/rollout/warm.ts";
import type { RollBackNow } from "../../../automation/rollout/goal.ts";
import type { ColorOutputs } from "../../../infra/model.ts";
import type { Given } from "../rules/views.ts";
import { claimOf, inMinutes, outputsOf, rolloutOf } from "../rules/views.ts";
import { finish, inRollout, next, own, wordOf } from "./situations.ts";

const pass = { verdict: "pass", sentence: "well" } as const;
const back: RollBackNow = { kind: "RollBackNow", reason: "orders fail", pin: false, grow: true };
const three = { size: 3 };
const green = outputsOf("green", "2", three);
const blue = outputsOf("blue", "1", three);
const shrunk = outputsOf("blue", "1", { size: 1, held: { rolloutId: "r-2", full: 3 } });
const held = (former = blue, more: { warm?: number } = { warm: 1 }): Given =>
  inRollout("hold", {
    colors: { blue: former, green },
    record: { rollout: rolloutOf("hold", { baked: pass, ...more }) },
  });
const grow = { kind: "Grow", color: "blue", from: 1, size: 3 };
const shrink = { kind: "Shrink", color: "blue", from: 3, size: 1, rolloutId: "r-2" };

test.each([
  [4, 1, 1],
  [4, 4, undefined],
  [4, 9, undefined],
  [4, "25%", 1],
  [5, "25%", 2],
  [1, "99%", undefined],
  [3, null, undefined],
  [3, undefined, undefined],
])("of %s instances a warm color keeps, by %s: %s", (size, warm, kept) => {
  expect(keptOf(size, warm)).toBe(kept);
});

describe("after a bake", () => {
  const after = (baked: { verdict: "pass" | "inconclusive"; sentence: string }, warm?: string) =>
    next(inRollout("bake", { colors: { blue, green } }), {
      memory: { ...own.memory, baked },
      policy: { warm: warm ?? null },
    });

  test("the hold says how small the former color becomes, if it was a pass", () => {
    expect(after(pass, "34%")).toMatchObject({ request: { kind: "Hold", warm: 2 } });
    expect(after(pass)).not.toHaveProperty("request.warm");
    expect(after({ verdict: "inconclusive", sentence: "few" }, "34%")).not.toHaveProperty(
      "request.warm",
    );
  });

  test("the former color shrinks, once, and then the command is done", () => {
    expect(next(held(), { memory: own.memory })).toEqual(shrink);
    expect(wordOf(next(held(), { memory: { ...own.memory, shrunk: true } }))).toBe("Finish");
    expect(next(held(shrunk), { memory: own.memory })).toMatchObject({
      kind: "Finish",
      sentence: expect.stringContaining("blue is held warm with 1 of 3 instances") as string,
    });
  });

  test("any later run of the same command goes on with it", () => {
    expect(next(held())).toEqual(shrink);
    expect(next(held(), { goal: finish })).toEqual(shrink);
    const shift = { kind: "SwitchTo", color: "green", bake: true } as const;
    expect(next(held(), { goal: shift })).toEqual(shrink);
  });

  test("what it still answers is waited for first", () => {
    const traffic = { requests: 1, errors: 0, open: 2, lastRequestAt: null };
    const counted = { kind: "counted", colors: { blue: traffic, green: traffic } } as const;
    const { record, ...given } = held();
    const open = { ...given, record: { ...record, switchedAt: inMinutes(0) } };
    const reading = { traffic: counted };
    expect(wordOf(next({ ...open, reading }))).toBe("Drain");
    expect(next({ ...open, reading }, { memory: { drained: "blue" } })).toEqual(shrink);
  });
});

describe("a way back", () => {
  test("grows the color first, once, and goes back whatever came of it", () => {
    expect(next(held(shrunk), { goal: back })).toEqual(grow);
    const tried = { goal: back, memory: { grown: true } };
    expect(wordOf(next(held(shrunk), tried))).toBe("RollBack");
  });

  test("also stops a shrink that is still to come", () => {
    expect(next(held(), { goal: back })).toEqual({ ...grow, from: 3 });
  });

  test("at once grows the color after it, and then attaches what has come", () => {
    const now = { ...back, grow: false };
    expect(wordOf(next(held(shrunk), { goal: now }))).toBe("RollBack");
    const returned: Given = { record: { activeColor: "blue" }, colors: { blue: shrunk, green } };
    expect(next(returned, { goal: now, memory: { done: true } })).toEqual(grow);
    const large = outputsOf("blue", "1", {
      ...three,
      addresses: ["127.0.0.1:1000", "127.0.0.1:1001", "127.0.0.1:1002"],
    });
    const attached = { blue: ["127.0.0.1:1000"], green: green.addresses };
    const full: Given = { ...returned, colors: { blue: large, green }, reading: { attached } };
    const memory = { done: true, regrown: true };
    expect(wordOf(next(full, { goal: now, memory }))).toBe("Keep");
    expect(wordOf(next(full, { goal: now, memory: { ...memory, kept: true } }))).toBe("Finish");
  });

  describe("to a color that is smaller than the active one and was never shrunk", () => {
    const small = outputsOf("blue", "1", { size: 2 });

    test.each([
      ["in a hold", held(small, {})],
      ["in the middle of a bake", inRollout("bake", { colors: { blue: small, green } })],
      ["that has grown in its hold", held({ ...small, held: { rolloutId: "r-2", full: 2 } })],
    ])("moves traffic at once: %s", (_name, given) => {
      expect(wordOf(next(given, { goal: back }))).toBe("RollBack");
    });

    const returned = (blue: ColorOutputs): Given => ({
      record: { activeColor: "blue" },
      colors: { blue, green },
    });
    const done = { goal: back, memory: { done: true } };

    test("grows it after that, once", () => {
      expect(next(returned(small), done)).toEqual({ ...grow, from: 2 });
      const again = { goal: back, memory: { done: true, regrown: true, kept: true } };
      expect(wordOf(next(returned(small), again))).toBe("Finish");
    });

    test.each([
      ["of servers", small, { sizesStay: true }],
      ["that somebody else manages", { ...small, given: true }, {}],
      ["of a component of the user's own", { ...small, component: "sha-c" }, {}],
    ])("never grows one %s", (_name, color, policy) => {
      expect(wordOf(next(returned(color), { ...done, policy }))).toBe("Finish");
    });
  });

  test("that the database's schema forbids is refused before anything grows", () => {
    const given = held({ ...shrunk, works: { from: 1, to: 2 } });
    const database = { schema: 5, steps: [], pending: null };
    const unfit = { ...given, record: { ...given.record, database } };
    expect(wordOf(next(unfit, { goal: back }))).toBe("RollBack");
  });

  test("to a color of full size takes no further step", () => {
    expect(wordOf(next(held(blue, {}), { goal: back }))).toBe("RollBack");
  });
});

test("a switch to a color that is held warm grows it before it is checked", () => {
  const goal = { kind: "SwitchTo", color: "blue", bake: false } as const;
  expect(next(held(shrunk), { goal })).toEqual(grow);
  expect(wordOf(next(held(blue), { goal, memory: { grown: true } }))).toBe("Check");
});

test("a release after a direct way back onto a small color is as large as that one was", () => {
  const rollout = rolloutOf("provision", { id: "r-3", color: "green", version: "3" });
  const claim = claimOf({ rolloutId: "r-3" });
  const serving = outputsOf("blue", "1", { size: 1, held: { rolloutId: "r-2", full: 4 } });
  const given: Given = {
    record: { activeColor: "blue", rollout, claim },
    colors: { blue: serving, green },
  };
  const goal = { kind: "Deploy", version: "3", digest: "sha-3" } as const;
  const deploying = {
    goal,
    memory: { rolloutId: "r-3", drained: "green" as const },
    policy: { size: 2 },
  };
  expect(next(given, deploying)).toMatchObject({
    kind: "Provision",
    size: 4,
  });
});
