/** A deploy that meets another release's rollout: refused, or it takes that one's place before its switch. */

import { describe, expect, test } from "vitest";
import { describeAction } from "../../../automation/rollout/action.ts";
import type { Deploy } from "../../../automation/rollout/goal.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { Rollout } from "../../../infra/model.ts";
import { applyRequest } from "../../../infra/rules/transition.ts";
import type { Given } from "../rules/views.ts";
import {
  bob,
  claimOf,
  inMinutes,
  pinOn,
  rollBackAsked,
  rolloutOf,
  viewOf,
} from "../rules/views.ts";
import { deployTwo, failedWith, finish, inRollout, mine, next, wordOf } from "./situations.ts";

const three: Deploy = { kind: "Deploy", version: "3", digest: "sha-3" };
const replacing: Deploy = { ...three, replace: true };
const claim = claimOf({ owner: bob });

function theirs(phase: Rollout["phase"], more: Given["record"] = {}): Given {
  const share = phase === "shift" ? { weights: { blue: 90, green: 10 } } : {};
  return inRollout(phase, { record: { claim, rollout: rolloutOf(phase), ...share, ...more } });
}

const before = ["provision", "check", "gate"] as const;

describe("a deploy of another release", () => {
  test.each([...before, "shift", "bake"] as const)("is refused while one is in its %s", (phase) => {
    const action = next(theirs(phase), { goal: three });
    expect(action).toMatchObject({ kind: "Fail", error: { code: "CLAIMED" } });
    expect(describeAction(action)).toContain(`, for 2, in its ${phase}: bob on ci-2 (process 22)`);
  });

  test("is told how to take its place, but in the bake when that ends", () => {
    expect(next(theirs("check"), { goal: three })).toMatchObject({
      error: { hint: expect.stringContaining("--replace") as string },
    });
    const baking = next(theirs("bake"), { goal: replacing, policy: { bakeMs: 300_000 } });
    expect(describeAction(baking)).toContain(`bakes until ${inMinutes(4)}, so it isn't replaced`);
  });

  test.each(before)("gives one in its %s up by its id, where it may", (phase) => {
    const action = next(theirs(phase), { goal: replacing });
    expect(action).toMatchObject({
      request: { kind: "Abort", rolloutId: "r-2", reason: "replaced by 3 (alice on ci-1)" },
    });
    expect(describeAction(action)).toBe(`give up rollout r-2 of 2 in its ${phase}, for 3`);
  });

  test("returns the traffic of one in its shift, and blames nobody", () => {
    expect(next(theirs("shift"), { goal: replacing })).toMatchObject({
      request: { kind: "RollBack", rolloutId: "r-2", beforeSwitch: true, pin: false },
    });
  });

  test("does so by the setting, and the flag says otherwise", () => {
    const policy = { whileRollingOut: "replace" } as const;
    expect(wordOf(next(theirs("gate"), { goal: three, policy }))).toBe("Abort");
    const not = { ...three, replace: false };
    expect(wordOf(next(theirs("gate"), { goal: not, policy }))).toBe("CLAIMED");
  });

  test("goes on with its own claim once the other is gone", () => {
    const mark = claimOf({ owner: null });
    expect(wordOf(next({ record: { claim: mark } }, { goal: replacing }))).toBe("Claim");
  });

  test.each<[string, Given]>([
    ["a person has claimed by hand", theirs("provision", { rollout: byPerson() })],
    ["is about to change the database", theirs("provision", { database: pending() })],
  ])("never takes the place of one that %s", (_name, given) => {
    expect(wordOf(next(given, { goal: replacing }))).toBe("CLAIMED");
  });

  test("leaves it alone where the own release may not begin", () => {
    const given = theirs("check", { pins: [pinOn("3")] });
    expect(wordOf(next(given, { goal: replacing }))).toBe("RELEASE_PINNED");
  });

  test("that names no release finishes the one that is open", () => {
    const goal = { ...finish, replace: true };
    expect(wordOf(next(theirs("check"), { goal }))).toBe("CLAIMED");
  });
});

describe("the run whose rollout was replaced", () => {
  const record = { claim, rollout: rolloutOf("provision", { id: "r-7", version: "3" }) };

  test("says by which one", () => {
    expect(next({ record }, mine)).toMatchObject({
      error: {
        code: "CLAIMED",
        message: "rollout r-7 of 3 has taken the place of r-2; blue is active",
      },
    });
  });

  test.each<[string, Rollout["phase"], Deploy]>([
    ["has come to its end", "hold", three],
    ["deploys the same release", "check", deployTwo],
    ["bakes the same release", "bake", deployTwo],
    ["waits at its gate", "gate", finish],
  ])("says so where the other %s, and never goes on with that one", (_name, phase, goal) => {
    const { version } = goal === three ? { version: "3" } : { version: "2" };
    const given = inRollout(phase, {
      record: { claim, rollout: rolloutOf(phase, { id: "r-7", version }) },
    });
    expect(next(given, { ...mine, goal, bobIsDead: true })).toMatchObject({
      error: {
        code: "CLAIMED",
        message: expect.stringMatching(
          new RegExp(
            `^rollout r-7 of ${version} has taken the place of r-2; (blue|green) is active$`,
          ),
        ) as string,
      },
    });
  });

  test("tells what had gone wrong before that", () => {
    const error = new BlueGreenError("HOOK_REFUSED", "it is full moon", { details: ["look up"] });
    const baked = { verdict: "fail", sentence: "5 of 10 failed" } as const;
    const memory = { ...mine.memory, ...failedWith(error), baked };
    expect(next({ record }, { memory })).toMatchObject({
      error: {
        code: "CLAIMED",
        details: ["the bake says fail: 5 of 10 failed", "HOOK_REFUSED: it is full moon", "look up"],
      },
    });
  });

  test("says so too where its checks have met the other's color", () => {
    const error = new BlueGreenError("CHECK_FAILED", "the checks on green say fail");
    const memory = { ...mine.memory, ...failedWith(error) };
    expect(wordOf(next({ record }, { memory }))).toBe("CLAIMED");
  });
});

describe("a run whose rollout nothing has taken the place of", () => {
  const failure = failedWith(new BlueGreenError("PROVISION_FAILED", "never got healthy"));

  test.each([
    ["others ended it before", "others", "CLAIMED"],
    ["it has given it up itself", "self", "PROVISION_FAILED"],
  ] as const)("is told what ended it: %s", (_name, endedBy, code) => {
    expect(wordOf(next({}, { memory: { ...mine.memory, ...failure, endedBy } }))).toBe(code);
  });

  test.each([
    ["others ended it before its way back", "others", "CLAIMED"],
    ["its own way back was cut short", "self", "ROLLED_BACK"],
  ] as const)("tells so of a failed bake: %s", (_name, endedBy, code) => {
    const baked = { verdict: "fail", sentence: "5 of 10 failed" } as const;
    expect(wordOf(next({}, { memory: { ...mine.memory, baked, endedBy } }))).toBe(code);
  });
});

describe("a switch whose rollout others have ended", () => {
  const goal = { kind: "SwitchTo", color: "green", bake: true } as const;
  const checked = { digest: "sha-2", verdict: "pass" } as const;
  const done = { ...mine.memory, checked, done: true };

  test.each([
    ["green serves another release", "green"],
    ["traffic went back to blue", "blue"],
  ] as const)("is never made once more: %s", (_name, activeColor) => {
    expect(wordOf(next({ record: { activeColor } }, { goal, memory: done }))).toBe("CLAIMED");
  });

  test("was done all the same where it was held, and another one has begun since", () => {
    const record = { activeColor: "green", claim, rollout: rolloutOf("provision", { id: "r-7" }) };
    const action = next({ record } as Given, { goal, memory: { ...done, shrunk: true } });
    expect(wordOf(action)).toBe("Finish");
  });
});

test("a way back that is meant for a shift is refused once the switch was made", () => {
  const asked = rollBackAsked({ rolloutId: "r-2", beforeSwitch: true });
  const file = { declared: { activeColor: null, generation: null }, name: "file" };
  expect(() => applyRequest(viewOf(theirs("bake")), asked, file)).toThrow(
    expect.objectContaining({ code: "ROLLOUT_OPEN" }),
  );
});

function byPerson(): Rollout {
  return rolloutOf("provision", { id: "by-hand-1", version: "" });
}

function pending() {
  const release = { version: "2", digest: null };
  const at = inMinutes(-1);
  const until = inMinutes(5);
  return {
    schema: 1,
    steps: [],
    pending: { kind: "expand", to: 2, release, at, owner: bob, until },
  } as const;
}
