/** The next action from what is seen: each phase, and each way in which it ends. */

import { describe, expect, test } from "vitest";
import { BlueGreenError } from "../../../infra/errors.ts";
import { emptyRecord } from "../../../infra/model.ts";
import { byHandId } from "../../../infra/rules/by-hand.ts";
import { describeAction } from "../../../automation/rollout/action.ts";
import type { SwitchTo } from "../../../automation/rollout/goal.ts";
import type { Memory } from "../../../automation/rollout/memory.ts";
import type { Given } from "../rules/views.ts";
import {
  alice,
  bob,
  claimOf,
  inMinutes,
  nowMs,
  outputsOf,
  pinOn,
  rolloutOf,
} from "../rules/views.ts";
import {
  before,
  deployTwo,
  failedWith,
  finish,
  inRollout,
  mine,
  next,
  own,
  wordOf,
} from "./situations.ts";

describe("a deploy", () => {
  test("first makes the router, once", () => {
    const fresh: Given = { record: { activeColor: null }, reading: { weights: null } };
    expect(next(fresh)).toMatchObject({ request: { kind: "Keep" } });
    expect(wordOf(next(fresh, { memory: { kept: true } }))).toBe("ROUTER_DOWN");
  });

  test("that can't make the router says why, and doesn't try for ever", () => {
    const fresh: Given = { record: { activeColor: null }, reading: { weights: null } };
    const failure = new BlueGreenError("PORT_IN_USE", "the port is taken");
    expect(next(fresh, { memory: failedWith(failure) })).toEqual({ kind: "Fail", error: failure });
  });

  test("claims the idle color under its own name", () => {
    expect(next(before)).toMatchObject({
      request: {
        kind: "Claim",
        rolloutId: "r-9",
        rollout: "deploy",
        color: "green",
        version: "2",
        owner: alice,
        until: inMinutes(30),
        replaces: null,
      },
    });
  });

  test("fills the idle color at the active color's live size, or the settings' if larger", () => {
    const colors = { ...before.colors, blue: outputsOf("blue", "1", { size: 7 }) };
    expect(next(inRollout("provision", { colors }), mine)).toEqual({
      kind: "Provision",
      color: "green",
      version: "2",
      rolloutId: "r-2",
      size: 7,
    });
    expect(next(inRollout("provision", before), mine)).toMatchObject({ size: 3 });
  });

  test("goes from phase to phase", () => {
    expect(next(inRollout("provision"), mine)).toMatchObject({
      request: { kind: "Attach", rolloutId: "r-2", digest: "sha-2" },
    });
    expect(next(inRollout("check"), mine)).toEqual({ kind: "Check", color: "green" });
    const checked = { digest: "sha-2", verdict: "pass" } as const;
    expect(next(inRollout("check"), { memory: { ...own.memory, checked } })).toMatchObject({
      request: { kind: "Switch", rolloutId: "r-2", digest: "sha-2", start: null },
    });
    expect(next(inRollout("bake"), mine)).toEqual({
      kind: "Judge",
      color: "green",
      sinceMs: Date.parse(inMinutes(-1)),
    });
    const baked = { verdict: "pass", sentence: "well" } as const;
    expect(next(inRollout("bake"), { memory: { ...own.memory, baked } })).toMatchObject({
      request: { kind: "Hold", rolloutId: "r-2", rollbackUntil: inMinutes(10) },
    });
    const rollbackUntil = inMinutes(10);
    const held = inRollout("hold", { record: { rollbackUntil } });
    expect(describeAction(next(held, { memory: { ...own.memory, baked } }))).toBe(
      `green serves 2, rollback possible until ${rollbackUntil}`,
    );
  });

  test("checks again what isn't what it checked", () => {
    const checked = { digest: "sha-1", verdict: "pass" } as const;
    expect(wordOf(next(inRollout("check"), { memory: { ...own.memory, checked } }))).toBe("Check");
  });

  test("that fails its bake goes back, blames the release, and names its rollout", () => {
    const baked = { verdict: "fail", sentence: "5 of 10 failed" } as const;
    expect(next(inRollout("bake"), { memory: { ...own.memory, baked } })).toMatchObject({
      request: { kind: "RollBack", rolloutId: "r-2", pin: true, reason: "5 of 10 failed" },
    });
  });

  test("whose own way back was cut short records it, and then says that it went back", () => {
    const memory = {
      ...own.memory,
      baked: { verdict: "fail", sentence: "5 of 10 failed" },
    } as const;
    const back: Given = { drift: { kind: "direct", sentence: "went back" } };
    expect(next(back, { memory })).toMatchObject({
      request: { kind: "RollBack", rolloutId: "r-2", pin: true },
    });
    expect(next({}, { memory })).toMatchObject({
      error: { code: "ROLLED_BACK", message: "5 of 10 failed" },
    });
  });

  test("of a first release that fails its bake is held, and fails", () => {
    const baked = { verdict: "fail", sentence: "5 of 10 failed" } as const;
    const first = (phase: "bake" | "hold"): Given =>
      inRollout(phase, {
        record: {
          rollout: rolloutOf(phase, { former: null, baked: phase === "hold" ? baked : null }),
        },
      });
    const circumstances = { memory: { ...own.memory, baked } };
    const hold = next(first("bake"), circumstances);
    expect(hold).toMatchObject({ request: { kind: "Hold", rollbackUntil: null } });
    expect(describeAction(hold)).toBe("hold: there is no former color to keep");
    expect(wordOf(next(first("hold"), circumstances))).toBe("FIRST_RELEASE_FAILING");
  });

  test.each(["inconclusive", "error"] as const)(
    "with an %s bake is held, and says so",
    (verdict) => {
      const memory = { ...own.memory, baked: { verdict, sentence: "too few requests" } };
      expect(wordOf(next(inRollout("bake"), { memory }))).toBe("Hold");
      const held = inRollout("hold", { record: { rollout: rolloutOf("hold", memory) } });
      expect(wordOf(next(held, { memory }))).toBe("BAKE_INCONCLUSIVE");
    },
  );

  test.each([
    ["fail", null, "FIRST_RELEASE_FAILING"],
    ["fail", "blue", "BAKE_INCONCLUSIVE"],
    ["inconclusive", "blue", "BAKE_INCONCLUSIVE"],
    ["pass", "blue", "Finish"],
  ] as const)("asked for again after a bake that said %s from %s", (verdict, former, word) => {
    const baked = { verdict, sentence: "5 of 10 failed" };
    const held = inRollout("hold", { record: { rollout: rolloutOf("hold", { former, baked }) } });
    expect(wordOf(next(held))).toBe(word);
    expect(wordOf(next(held, { goal: finish }))).toBe(verdict === "pass" ? "USAGE" : word);
    const other = { kind: "Deploy", version: "3", digest: "sha-3" } as const;
    expect(wordOf(next(held, { goal: other }))).toBe("Claim");
    const toGreen = { kind: "SwitchTo", color: "green", bake: true } as const;
    expect(wordOf(next(held, { goal: toGreen }))).toBe(word);
    expect(wordOf(next(held, { goal: { ...toGreen, bake: false } }))).toBe("Finish");
  });

  test("that serves already is finished", () => {
    const serving = { kind: "Deploy", version: "1", digest: "sha-1" } as const;
    expect(wordOf(next({}, { goal: serving }))).toBe("Finish");
  });

  test("of the same version under other settings isn't finished", () => {
    const changed = { kind: "Deploy", version: "1", digest: "sha-1b" } as const;
    expect(wordOf(next({}, { goal: changed }))).toBe("Claim");
  });

  test("first ends the retirement of the color that it needs", () => {
    const record = { retiring: "green" } as const;
    expect(next({ record, ...before })).toEqual({ kind: "Empty", color: "green" });
    expect(wordOf(next({ record, colors: { green: null } }))).toBe("Retired");
  });

  test("without a version needs a rollout that is open", () => {
    expect(wordOf(next({}, { goal: finish }))).toBe("USAGE");
    expect(wordOf(next(inRollout("bake"), { goal: finish, ...mine }))).toBe("Judge");
  });
});

describe("a deploy doesn't begin", () => {
  test.each<[string, Given, string]>([
    ["while the router can't be asked", { reading: { weights: null } }, "ROUTER_DOWN"],
    ["on a silent router", { drift: { kind: "silent", sentence: "gone" } }, "ROUTER_DOWN"],
    ["after a stranger's move", { drift: { kind: "foreign", sentence: "moved" } }, "DRIFT"],
    ["with a pinned release", { record: { pins: [pinOn("2")] } }, "RELEASE_PINNED"],
    [
      "under another's claim",
      inRollout("provision", {
        record: {
          claim: claimOf({ owner: bob }),
          rollout: rolloutOf("provision", { version: "8" }),
        },
      }),
      "CLAIMED",
    ],
  ])("%s", (_name, given, code) => {
    expect(wordOf(next({ ...before, ...given }))).toBe(code);
  });

  test("over drift even if the router seems to serve the release", () => {
    const serving = { kind: "Deploy", version: "1", digest: "sha-1" } as const;
    const silent: Given = { drift: { kind: "silent", sentence: "gone" } };
    expect(wordOf(next(silent, { goal: serving }))).toBe("ROUTER_DOWN");
  });

  test("but may after a direct rollback", () => {
    const drift = { kind: "direct", sentence: "moved" } as const;
    expect(wordOf(next({ ...before, drift }))).toBe("Claim");
  });

  test("but may after a flip that was cut short, once that is proven", () => {
    const drift = { kind: "interrupted", sentence: "moved" } as const;
    expect(wordOf(next({ ...before, drift }))).toBe("Keep");
    expect(wordOf(next({ ...before, drift }, { memory: { kept: true } }))).toBe("Claim");
  });

  test("but may once a pin has ended", () => {
    const record = { pins: [pinOn("2", { until: inMinutes(-1) })] };
    expect(wordOf(next({ ...before, record }))).toBe("Claim");
  });
});

describe("a rollout that somebody left", () => {
  const bobs = claimOf({ owner: bob });
  const left = (phase: Parameters<typeof rolloutOf>[0], more: Given = {}): Given =>
    inRollout(phase, { ...more, record: { claim: bobs, ...more.record } });
  const late = { claim: claimOf({ owner: bob, until: inMinutes(-1) }) };

  test("is still his while he may be alive", () => {
    const action = next(left("check"));
    expect(action).toMatchObject({ kind: "Fail", error: { code: "CLAIMED" } });
    expect(describeAction(action)).toContain("bob on ci-2 (process 22)");
  });

  test("is taken over at once where he is known to be dead", () => {
    expect(next(left("provision"), { bobIsDead: true })).toMatchObject({
      as: "go on with r-2 (2) in its provision",
      request: { kind: "Claim", rolloutId: "r-2", owner: alice, replaces: bob },
    });
  });

  test("is gone on with after his deadline once the color is filled", () => {
    expect(next(left("check", { record: late }))).toMatchObject({
      request: { kind: "Claim", rolloutId: "r-2", owner: alice },
    });
  });

  test("is begun anew after his deadline while he may still fill the color", () => {
    const given = left("provision", { ...before, record: late });
    expect(next(given)).toMatchObject({ request: { kind: "Claim", rolloutId: "r-9" } });
    expect(next(given, { goal: finish })).toMatchObject({
      request: { kind: "Claim", rolloutId: "r-9", version: "2" },
    });
  });

  test("gives way to another release where he is known to be dead", () => {
    const goal = { kind: "Deploy", version: "8", digest: "sha-8" } as const;
    expect(next(left("check"), { goal, bobIsDead: true })).toMatchObject({
      request: { kind: "Claim", rolloutId: "r-9", version: "8", replaces: bob },
    });
  });

  test("with the same version of other settings isn't gone on with", () => {
    const goal = { ...deployTwo, digest: "sha-2b" };
    expect(wordOf(next(left("check"), { goal }))).toBe("CLAIMED");
  });

  test("by hand is never gone on with, though the process that claimed is long gone", () => {
    const rollout = rolloutOf("provision", { id: byHandId(nowMs), version: "by hand" });
    const claim = claimOf({ owner: bob, rolloutId: rollout.id });
    const given = (until: string) =>
      left("provision", { record: { claim: { ...claim, until }, rollout } });
    const whileLive = next(given(inMinutes(1)), { goal: finish, bobIsDead: true });
    expect(wordOf(whileLive)).toBe("CLAIMED");
    const later = next(given(inMinutes(-1)), { goal: finish, bobIsDead: true });
    expect(later).toMatchObject({
      kind: "Fail",
      error: { code: "USAGE", message: "green was claimed by hand" },
    });
  });

  test("by hand is attached, checked and switched to once it is filled", () => {
    const id = byHandId(nowMs);
    const goal = { kind: "SwitchTo", color: "green", bake: true } as const;
    const given = (phase: "provision" | "check") => ({
      record: {
        claim: claimOf({ owner: bob, rolloutId: id }),
        rollout: rolloutOf(phase, { id, version: "by hand" }),
      },
      colors: { green: outputsOf("green", "2", { rolloutId: id }) },
    });
    expect(next(given("provision"), { goal })).toEqual({
      kind: "Update",
      request: { kind: "Attach", rolloutId: id, digest: "sha-2" },
    });
    expect(next(given("check"), { goal })).toEqual({ kind: "Check", color: "green" });
    const memory = { checked: { digest: "sha-2", verdict: "pass" } } as const;
    expect(wordOf(next(given("check"), { goal, memory }))).toBe("Switch");
    const unfilled = { ...given("provision"), colors: { green: outputsOf("green", "1") } };
    expect(wordOf(next(unfilled, { goal }))).toBe("CLAIMED");
  });

  test("at the gate is anybody's", () => {
    const rollout = rolloutOf("gate", { gateUntil: inMinutes(60) });
    const given = left("gate", { record: { claim: claimOf({ owner: null }), rollout } });
    const permit = { reason: "looks good" };
    expect(wordOf(next(given, { goal: { ...finish, permit } }))).toBe("Claim");
  });
});

describe("after a failure", () => {
  const failure = new BlueGreenError("PROVISION_FAILED", "never got healthy");

  test("before the switch, the own rollout is aborted", () => {
    const memory = { ...own.memory, ...failedWith(failure) };
    expect(next(inRollout("provision"), { memory })).toMatchObject({
      request: { kind: "Abort", rolloutId: "r-2", reason: "never got healthy" },
    });
  });

  test.each<readonly [string, string, boolean, boolean]>([
    ["the run that made it, before it filled anything", "r-9", false, true],
    ["the run that made it, once it began to fill", "r-9", true, false],
    ["a run that took the rollout over", "r-2", false, false],
  ])("a claim is called untouched by %s", (_name, id, touched, untouched) => {
    const memory = { rolloutId: id, touched, ...failedWith(failure) };
    const claim = claimOf({ rolloutId: id });
    const record = { claim, rollout: rolloutOf("provision", { id }) };
    expect(next(inRollout("provision", { record }), { memory })).toMatchObject({
      request: { kind: "Abort", rolloutId: id, untouched },
    });
  });

  describe("of a switch that is stuck where it isn't served", () => {
    const stuck = new BlueGreenError("SWITCH_STUCK", "green isn't served");
    const switched = (id: string, former: "blue" | null = "blue"): Given =>
      inRollout("bake", { record: { rollout: rolloutOf("bake", { id, former }) } });
    const back = { kind: "RollBack", pin: false, reason: "green isn't served" };

    test.each<readonly [string, string, Partial<Memory>]>([
      ["that this run went on with", "r-2", { rolloutId: "r-2" }],
      ["that was its rollout's beginning", "r-9", {}],
    ])("traffic goes back, and the release isn't blamed: one %s", (_name, id, memory) => {
      expect(next(switched(id), { memory: { ...memory, ...failedWith(stuck) } })).toMatchObject({
        request: { ...back, rolloutId: id },
      });
    });

    test.each<readonly [string, Given, Partial<Memory>]>([
      ["another's", switched("r-2"), {}],
      ["a first release's", switched("r-9", null), { rolloutId: "r-9" }],
      ["one that has no traffic", { record: { rollout: null } }, { rolloutId: "r-9" }],
    ])("only the failure is left: %s", (_name, given, memory) => {
      expect(next(given, { memory: { ...memory, ...failedWith(stuck) } })).toEqual({
        kind: "Fail",
        error: stuck,
      });
    });

    test("which lost its traffic meanwhile ends as before a switch", () => {
      const memory = { ...own.memory, ...failedWith(stuck) };
      expect(wordOf(next(inRollout("check"), { memory }))).toBe("Abort");
    });

    test("nothing more is tried after another failure", () => {
      const memory = { ...own.memory, ...failedWith(failure) };
      expect(wordOf(next(switched("r-2"), { memory }))).toBe("PROVISION_FAILED");
    });
  });

  test.each<[string, Given, Partial<Memory>]>([
    ["once aborted", {}, own.memory],
    ["after the switch", inRollout("bake"), own.memory],
    ["of another's rollout", inRollout("provision"), {}],
  ])("%s, only the failure is left", (_name, given, memory) => {
    expect(next(given, { memory: { ...memory, ...failedWith(failure) } })).toEqual({
      kind: "Fail",
      error: failure,
    });
  });

  test("a rollout that was ended by others is told as such", () => {
    const action = next({}, mine);
    expect(action).toMatchObject({ kind: "Fail", error: { code: "CLAIMED" } });
    expect(describeAction(action)).toContain("r-2 was ended by somebody else; blue is active");
  });
});

describe("a switch", () => {
  const goal: SwitchTo = { kind: "SwitchTo", color: "green", bake: true };
  const checked = { digest: "sha-2", verdict: "pass" } as const;

  test("checks the color as it is, then claims and moves in one update", () => {
    expect(next({}, { goal })).toEqual({ kind: "Check", color: "green" });
    expect(next({}, { goal, memory: { checked } })).toMatchObject({
      request: {
        kind: "Switch",
        rolloutId: "r-9",
        digest: "sha-2",
        start: { kind: "Claim", rollout: "switch", color: "green" },
        holdUntil: null,
      },
    });
  });

  test("without a bake holds in that update, or in the next where that was cut short", () => {
    const short = { ...goal, bake: false };
    expect(next({}, { goal: short, memory: { checked } })).toMatchObject({
      request: { holdUntil: inMinutes(10) },
    });
    const record = { rollout: rolloutOf("bake", { kind: "switch" }) };
    expect(wordOf(next(inRollout("bake", { record }), { goal: short, ...mine }))).toBe("Hold");
  });

  test("that is done is finished, and recorded where it wasn't", () => {
    const active: Given = { record: { activeColor: "green" } };
    expect(wordOf(next(active, { goal }))).toBe("Finish");
    const drifted: Given = { ...active, drift: { kind: "foreign", sentence: "moved" } };
    expect(wordOf(next(drifted, { goal }))).toBe("Keep");
    expect(wordOf(next(drifted, { goal, memory: { kept: true } }))).toBe("Finish");
  });

  test.each<[string, Given, Partial<Memory>, string]>([
    ["to an empty color", { colors: { green: null } }, {}, "COLOR_EMPTY"],
    [
      "under another's claim",
      inRollout("check", { record: { claim: claimOf({ owner: bob }) } }),
      {},
      "CLAIMED",
    ],
    ["over drift", { drift: { kind: "foreign", sentence: "moved" } }, {}, "DRIFT"],
    ["after failed checks", {}, { checked: { digest: "sha-2", verdict: "fail" } }, "CHECK_FAILED"],
  ])("%s is refused", (_name, given, memory, code) => {
    expect(wordOf(next(given, { goal, memory }))).toBe(code);
  });
});

describe("a rollback", () => {
  const goal = { kind: "RollBackNow", reason: "orders fail", pin: true, grow: true } as const;

  test("is asked for whatever else is true", () => {
    const anything: Given = inRollout("bake", {
      drift: { kind: "foreign", sentence: "moved" },
      record: { pins: [pinOn("1")] },
    });
    expect(next(anything, { goal })).toMatchObject({
      request: { kind: "RollBack", rolloutId: null, reason: "orders fail", pin: true },
    });
  });

  test("makes nothing where nothing was ever deployed", () => {
    const nothing: Given = { stored: emptyRecord, reading: { weights: null } };
    expect(wordOf(next(nothing, { goal }))).toBe("NOTHING_TO_ROLL_BACK");
    expect(wordOf(next({ reading: { weights: null } }, { goal }))).toBe("RollBack");
  });

  test("ends with what is true then", () => {
    expect(describeAction(next({}, { goal, memory: { done: true } }))).toBe("blue is active again");
    const failure = new BlueGreenError("ROLLBACK_IMPOSSIBLE", "nothing is ready");
    expect(wordOf(next({}, { goal, memory: failedWith(failure) }))).toBe("ROLLBACK_IMPOSSIBLE");
  });
});
