/** The way back of a rollout whose engine can't make it, and the last word where there is none. */

import { describe, expect, test } from "vitest";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { ErrorCode } from "../../../infra/errors.ts";
import { errorKinds } from "../../../infra/errors.ts";
import { isEnginesFault } from "../../../automation/rollout/engines-fault.ts";
import { unusedClaim } from "../../../automation/rollout/failure.ts";
import type { Given } from "../rules/views.ts";
import { claimOf, rolloutOf } from "../rules/views.ts";
import { deployTwo, failedWith, inRollout, next, own, situationOf } from "./situations.ts";

const baked = { verdict: "fail", sentence: "5 of 10 failed" } as const;
const locked = new BlueGreenError("STACK_LOCKED", "another update holds the lock");
const stuck = new BlueGreenError("SWITCH_STUCK", "green isn't served");
const direct: Given = { drift: { kind: "direct", sentence: "went back" } };
const bake = inRollout("bake");

describe("once the engine can't return traffic", () => {
  test("a failed bake goes back past it, with its pin", () => {
    const memory = { ...own.memory, baked, barred: locked };
    expect(next(bake, { memory })).toEqual({
      kind: "FlipBack",
      to: "blue",
      request: {
        kind: "RollBack",
        reason: "5 of 10 failed",
        by: "alice on ci-1",
        rolloutId: "r-2",
        pin: true,
      },
    });
  });

  test("so does a switch that is stuck, which isn't the release's fault", () => {
    const memory = { ...own.memory, ...failedWith(stuck), barred: locked };
    expect(next(bake, { memory })).toMatchObject({ kind: "FlipBack", request: { pin: false } });
  });

  test.each([
    ["a failed bake", { baked }, "5 of 10 failed"],
    ["a stuck switch", failedWith(stuck), "green isn't served"],
  ])("nothing more is asked of it where traffic went back all the same: %s", (_name, more, why) => {
    const action = next(direct, { memory: { ...own.memory, ...more, barred: locked } });
    expect(action).toMatchObject({ kind: "Fail", error: { code: "ROLLED_BACK", message: why } });
  });

  test("the record of an engine that was only too slow is tried once more", () => {
    const barred = new BlueGreenError("ENGINE_FAILED", "it wasn't ready within 5000 ms");
    const back = failedWith(new BlueGreenError("ROLLED_BACK", "5 of 10 failed"));
    const memory = { ...own.memory, baked, barred, ...back };
    expect(next(direct, { memory })).toEqual({ kind: "Update", request: { kind: "Keep" } });
    expect(next({}, { memory })).toMatchObject({ kind: "Fail" });
    const caughtUp = next(direct, { memory: { ...memory, caughtUp: true } });
    expect(caughtUp).toMatchObject({ kind: "Fail", error: { code: "ROLLED_BACK" } });
  });
});

describe("a failing release that keeps the traffic", () => {
  const lastWord = (error: BlueGreenError, given: Given = bake) => {
    const memory = { ...own.memory, baked, barred: locked, ...failedWith(error) };
    const action = next(given, { memory });
    return action.kind === "Fail" ? action.error : expect.fail(action.kind);
  };

  test.each<ErrorCode>(["ROUTER_BUSY", "PLAN_REFUSED", "ROUTER_DOWN", "USAGE"])(
    "needs a person, whatever kept it there: %s",
    (code) => {
      const error = lastWord(new BlueGreenError(code, "it doesn't go", { hint: "wait" }));
      expect(error).toMatchObject({
        code: "SWITCH_STUCK",
        exitCode: 5,
        message: `5 of 10 failed; green has the traffic still, as it couldn't go back to blue: ${code}: it doesn't go`,
        hint: "go back with `bluegreen rollback --direct`",
        details: ["STACK_LOCKED: another update holds the lock"],
      });
    },
  );

  test("isn't advised to go where nothing is ready", () => {
    const error = new BlueGreenError("ROLLBACK_IMPOSSIBLE", "nothing is ready", { hint: "deploy" });
    const word = lastWord(error);
    expect(word).toMatchObject({ code: "ROLLBACK_IMPOSSIBLE", exitCode: 5, hint: "deploy" });
    expect(word.message).toContain("5 of 10 failed");
  });

  test("isn't spoken of where others ended its rollout, but the verdict is told", () => {
    const error = lastWord(new BlueGreenError("CLAIMED", "it was ended"), {});
    expect(error.code).toBe("CLAIMED");
    expect(error.details[0]).toBe("the bake says fail: 5 of 10 failed");
  });
});

describe("an interrupted run gives up its own claim", () => {
  const claimed = (id: string): Given => {
    const record = {
      claim: claimOf({ rolloutId: id }),
      rollout: rolloutOf("provision", { id }),
    };
    return inRollout("provision", { record });
  };
  const request = (given: Given, memory: object) =>
    unusedClaim(situationOf(given, { goal: deployTwo, memory }));

  test("before it has touched the color", () => {
    expect(request(claimed("r-9"), { rolloutId: "r-9" })).toMatchObject({
      rolloutId: "r-9",
      untouched: true,
    });
  });

  test.each<readonly [string, Given, object]>([
    ["once it may have touched it", claimed("r-9"), { rolloutId: "r-9", touched: true }],
    ["that another run made", claimed("r-2"), { rolloutId: "r-2" }],
    ["when it isn't its own rollout", claimed("r-2"), { rolloutId: "r-9" }],
    ["once the color is filled", inRollout("check"), { rolloutId: "r-2" }],
  ])("but not %s", (_name, given, memory) => {
    expect(request(given, memory)).toBeNull();
  });
});

test("what is the engine's fault is never the release's or the settings'", () => {
  const faults = Object.keys(errorKinds).filter((code) =>
    isEnginesFault(new BlueGreenError(code as ErrorCode, "")),
  );
  expect(faults).not.toContain("ROLLBACK_IMPOSSIBLE");
  expect(faults).toEqual(
    expect.arrayContaining(["STACK_LOCKED", "STORE_FAILED", "COLOR_BUSY", "ROUTER_BUSY"]),
  );
});
