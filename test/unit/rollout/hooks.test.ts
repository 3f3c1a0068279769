/** When the hooks of each stage run, what a refusal does there, and what the record keeps of them. */

import { describe, expect, test } from "vitest";
import { describeAction } from "../../../automation/rollout/action.ts";
import type { RunHooks } from "../../../automation/rollout/action.ts";
import type { Goal } from "../../../automation/rollout/goal.ts";
import { afterHooks, afterWatchedHooks } from "../../../automation/rollout/hooks-end.ts";
import type { Memory } from "../../../automation/rollout/memory.ts";
import { noMemory } from "../../../automation/rollout/memory.ts";
import { hookStages } from "../../../infra/hook-stages.ts";
import type { HookStage } from "../../../infra/hook-stages.ts";
import type { Request } from "../../../infra/rules/request.ts";
import { applyRequest } from "../../../infra/rules/transition.ts";
import type { Given } from "../rules/views.ts";
import { claimOf, inMinutes, outputsOf, rolloutOf, viewOf } from "../rules/views.ts";
import { before, finish, inRollout, mine, next, wordOf } from "./situations.ts";

const policy = { hooks: hookStages };
const passed: Partial<Memory> = { ...mine.memory, checked: { digest: "sha-2", verdict: "pass" } };
const baked = { verdict: "pass", sentence: "well" } as const;
const unfilled: Given = inRollout("provision", before);
const switchToGreen: Goal = { kind: "SwitchTo", color: "green", bake: true };
const retireGreen: Goal = { kind: "RetireIdle", color: "green", force: false };

interface Moment {
  readonly stage: HookStage;
  readonly given: Given;
  readonly memory: Partial<Memory>;
  readonly goal?: Goal;
  /** What the words of its action end with; default: nothing. */
  readonly words?: string;
  /** What is done where the stage has no hooks, or they are done. */
  readonly then: string;
}

const moments: readonly Moment[] = [
  { stage: "PRE_SCALE_UP", given: unfilled, memory: mine.memory, then: "Provision" },
  { stage: "POST_SCALE_UP", given: inRollout("check"), memory: mine.memory, then: "Check" },
  { stage: "POST_TEST_TRAFFIC_SHIFT", given: inRollout("check"), memory: passed, then: "Switch" },
  {
    stage: "PRE_PRODUCTION_TRAFFIC_SHIFT",
    given: inRollout("check"),
    memory: passed,
    then: "Switch",
  },
  {
    stage: "POST_PRODUCTION_TRAFFIC_SHIFT",
    given: inRollout("bake"),
    memory: mine.memory,
    words: " while green bakes",
    then: "Judge",
  },
  { stage: "POST_BAKE", given: inRollout("bake"), memory: { ...mine.memory, baked }, then: "Hold" },
  { stage: "PRE_CLEAN_UP", given: {}, memory: {}, goal: retireGreen, then: "Retire" },
  {
    stage: "POST_CLEAN_UP",
    given: { record: { retiring: "green" }, colors: { green: null } },
    memory: {},
    goal: retireGreen,
    then: "Retired",
  },
];

function actionAt({ given, memory, goal }: Moment, hooks: readonly HookStage[], more = {}) {
  return next(given, {
    memory: { ...memory, ...more },
    policy: { hooks },
    ...(goal ? { goal } : {}),
  });
}

function due(given: Given, circumstances: Parameters<typeof next>[1]): RunHooks {
  const action = next(given, circumstances);
  return action.kind === "RunHooks" ? action : expect.fail(`no hooks, but ${wordOf(action)}`);
}

describe.each(moments)("$stage", (moment) => {
  const { stage, then, words = "" } = moment;

  test("runs at its moment, before anything else is done", () => {
    const action = actionAt(moment, [stage]);
    expect(action).toMatchObject({ kind: "RunHooks", stage, subject: { color: "green" } });
    expect(describeAction(action)).toBe(`run the hooks of ${stage}${words}`);
  });

  test("is nothing where it has no hooks", () => {
    expect(wordOf(actionAt(moment, []))).toBe(then);
  });

  test("runs once in a run", () => {
    expect(wordOf(actionAt(moment, [stage], { hooksDone: [stage] }))).toBe(then);
  });

  test("isn't run on the way of a failure", () => {
    const error = next({}, { goal: { ...finish, permit: { reason: "x" } } });
    const failure = error.kind === "Fail" && { error: error.error, blamed: null };
    expect(actionAt(moment, hookStages, { failure }).kind).not.toBe("RunHooks");
  });
});

// A cleaning up has no rollout: its own steps in the record tell how far it came.
const ofRollout = moments.filter(({ stage }) => !stage.endsWith("CLEAN_UP"));

test.each(ofRollout)("$stage isn't run again by a run that resumes the rollout", (moment) => {
  const { given, stage, then } = moment;
  const rollout = given.record?.rollout ?? expect.fail("there is no rollout to resume");
  const record = { ...given.record, rollout: { ...rollout, hooksDone: [stage] } };
  expect(wordOf(actionAt({ ...moment, given: { ...given, record } }, [stage]))).toBe(then);
});

describe("a rollback", () => {
  const goal: Goal = { kind: "RollBackNow", reason: "orders fail", pin: false, grow: true };

  test("has no hooks", () => {
    for (const phase of ["provision", "check", "gate", "bake", "hold"] as const) {
      expect(wordOf(next(inRollout(phase), { goal, policy }))).toBe("RollBack");
    }
  });

  test("by a failed bake has none either", () => {
    const memory = { ...mine.memory, baked: { verdict: "fail", sentence: "it fails" } as const };
    expect(wordOf(next(inRollout("bake"), { memory, policy }))).toBe("RollBack");
  });
});

describe("before the switch", () => {
  test("hooks of the production stage wait for the permission, and don't run in a freeze", () => {
    const hooks: readonly HookStage[] = ["PRE_PRODUCTION_TRAFFIC_SHIFT"];
    const gated = { policy: { hooks, gate: "manual" as const }, memory: passed };
    expect(wordOf(next(inRollout("check"), gated))).toBe("Wait");
    const frozen = { until: inMinutes(60), reason: null } as unknown as Given["frozen"];
    const asked = { policy: { hooks }, memory: passed };
    expect(wordOf(next(inRollout("check", { frozen: frozen ?? null }), asked))).toBe("Switch");
  });

  test("nothing runs any more once the color has a part of the traffic", () => {
    const weights = { blue: 90, green: 10 };
    const given = inRollout("check", { reading: { weights } });
    expect(next(given, { policy, ...mine }).kind).not.toBe("RunHooks");
    expect(next(given, { policy, memory: passed }).kind).not.toBe("RunHooks");
  });
});

describe("a switch to a color as it is", () => {
  const held: Given = {
    record: { rollout: rolloutOf("hold", { color: "blue", former: "green" }) },
  };
  const checked = { checked: { digest: "sha-2", verdict: "pass" } } as const;

  test("has the stages from the tested color on, under the id that it will have", () => {
    const first = due(held, { goal: switchToGreen, memory: checked, policy });
    expect(first).toMatchObject({
      stage: "POST_TEST_TRAFFIC_SHIFT",
      subject: { id: "r-9", color: "green", former: "blue", version: "2", digest: "sha-2" },
    });
    const tested = { ...checked, hooksDone: [first.stage] };
    const second = due(held, { goal: switchToGreen, memory: tested, policy });
    expect(second.stage).toBe("PRE_PRODUCTION_TRAFFIC_SHIFT");
    const all = { ...checked, hooksDone: [first.stage, second.stage] };
    expect(next(held, { goal: switchToGreen, memory: all, policy })).toMatchObject({
      request: { kind: "Switch", rolloutId: "r-9", hooksDone: [first.stage, second.stage] },
    });
  });

  test("that somebody left in the middle of a shift has none before its switch", () => {
    const given = { ...held, reading: { weights: { blue: 90, green: 10 } } };
    const asked = { goal: switchToGreen, memory: checked, policy };
    expect(next(given, asked)).toMatchObject({ request: { kind: "Switch" } });
  });

  test("without a bake still passes through the stage after the switch", () => {
    const goal = { ...switchToGreen, bake: false };
    const done: readonly HookStage[] = ["POST_TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT"];
    const memory = { ...checked, hooksDone: done };
    const asked = next(held, { goal, memory, policy });
    expect(asked).toMatchObject({ request: { kind: "Switch", holdUntil: null } });
    const inBake = inRollout("bake", {
      record: { rollout: rolloutOf("bake", { kind: "switch" }) },
    });
    const given = { ...inBake, record: { ...inBake.record, activeColor: "green" as const } };
    expect(due(given, { ...mine, goal, policy }).stage).toBe("POST_PRODUCTION_TRAFFIC_SHIFT");
    const after = { ...mine.memory, hooksDone: ["POST_PRODUCTION_TRAFFIC_SHIFT"] as const };
    expect(wordOf(next(given, { memory: after, goal, policy }))).toBe("Hold");
  });
});

describe("a bake that didn't pass", () => {
  test("has no stage after it", () => {
    const inconclusive = { verdict: "inconclusive", sentence: "too few" } as const;
    const memory = { ...mine.memory, baked: inconclusive };
    expect(wordOf(next(inRollout("bake"), { memory, policy }))).toBe("Hold");
  });
});

describe("cleaning up", () => {
  test("is about the color that goes, under an id that no other run has", () => {
    const pre = due({}, { goal: retireGreen, policy }).subject;
    expect(pre).toMatchObject({
      id: "clean-up-green-r-9",
      former: null,
      version: "2",
      phase: null,
    });
    const emptied: Given = { record: { retiring: "green" }, colors: { green: null } };
    expect(due(emptied, { goal: retireGreen, policy }).subject).toMatchObject({ id: pre.id });
  });

  test("by a deployment runs the hooks after it, and records none of them in its rollout", () => {
    const given: Given = { record: { retiring: "green" }, colors: { green: null } };
    expect(due(given, { policy }).stage).toBe("POST_CLEAN_UP");
    const memory = { hooksDone: ["POST_CLEAN_UP"] as const };
    const claim = next({ colors: { green: null } }, { memory, policy });
    expect(wordOf(claim)).toBe("Claim");
    expect(claim).not.toHaveProperty("request.hooksDone");
  });
});

describe("while hooks of POST_PRODUCTION_TRAFFIC_SHIFT run, the new color", () => {
  const production = { policy: { hooks: ["POST_PRODUCTION_TRAFFIC_SHIFT"] as const } };

  test("is judged from the switch on", () => {
    const given = inRollout("bake");
    const since = given.record?.rollout?.since ?? expect.fail("there is no rollout");
    expect(due(given, { ...mine, ...production }).sinceMs).toBe(Date.parse(since));
  });

  test("isn't judged where no bake is wanted", () => {
    const goal: Goal = { kind: "SwitchTo", color: "green", bake: false };
    const run = due(inRollout("bake"), { ...mine, ...production, goal });
    expect(run).not.toHaveProperty("sinceMs");
  });

  test("isn't judged once more, nor hooked, when both are over", () => {
    const memory = { ...mine.memory, baked, hooksDone: production.policy.hooks };
    expect(wordOf(next(inRollout("bake"), { memory, ...production }))).toBe("Hold");
  });
});

describe("what a run knows after hooks", () => {
  const subject = { id: "r-2", color: "green", former: "blue", version: "2" } as const;
  const at = (stage: HookStage): RunHooks => ({
    kind: "RunHooks",
    stage,
    subject: { ...subject, digest: null, phase: null },
  });
  const refused = { kind: "refused", sentence: "it said no" } as const;

  test("that the stage is done, and with a refusal that is only told no more", () => {
    expect(afterHooks(noMemory, at("POST_BAKE"), { kind: "done" })).toEqual({
      ...noMemory,
      hooksDone: ["POST_BAKE"],
    });
    expect(afterHooks(noMemory, at("POST_CLEAN_UP"), refused)).toMatchObject({
      failure: null,
      baked: null,
    });
  });

  test("nothing where the rollout was ended meanwhile: the record tells", () => {
    expect(afterHooks(noMemory, at("POST_BAKE"), { kind: "ended" })).toBe(noMemory);
  });

  test("the verdict of the bake that was judged meanwhile", () => {
    const stage = "POST_PRODUCTION_TRAFFIC_SHIFT";
    const end = { kind: "done" } as const;
    expect(afterWatchedHooks(noMemory, at(stage), { end, baked })).toEqual({
      ...noMemory,
      hooksDone: [stage],
      baked,
    });
  });

  test("that a bake failed, and not that the hooks which it stopped are done", () => {
    const failing = { verdict: "fail", sentence: "it fails" } as const;
    const ended = { end: { kind: "interrupted" } as const, baked: failing };
    expect(afterWatchedHooks(noMemory, at("POST_PRODUCTION_TRAFFIC_SHIFT"), ended)).toEqual({
      ...noMemory,
      baked: failing,
    });
  });

  test.each<HookStage>(["PRE_SCALE_UP", "POST_SCALE_UP"])("what to do about %s's no", (stage) => {
    const { failure } = afterHooks(noMemory, at(stage), refused);
    expect(failure?.error.hint).toMatch(/mend what the hook found, then run the same command$/);
  });

  test("nothing where a person stopped them", () => {
    expect(afterHooks(noMemory, at("POST_BAKE"), { kind: "interrupted" })).toBe(noMemory);
  });

  test.each<HookStage>([
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRE_CLEAN_UP",
  ])("that %s refused, so that nothing moves", (stage) => {
    const { failure, baked: judged } = afterHooks(noMemory, at(stage), refused);
    expect([failure?.error.code, failure?.error.exitCode]).toEqual(["HOOK_REFUSED", 3]);
    expect([failure?.error.message, failure?.blamed, judged]).toEqual(["it said no", null, null]);
  });

  test.each<HookStage>(["POST_PRODUCTION_TRAFFIC_SHIFT", "POST_BAKE"])(
    "that %s refused, as if the bake had failed",
    (stage) => {
      const after = afterHooks({ ...noMemory, ...mine.memory, baked }, at(stage), refused);
      expect(after).toMatchObject({ baked: { verdict: "fail" }, failure: null });
      const action = next(inRollout("bake"), { memory: after, policy });
      expect(action).toMatchObject({
        request: { kind: "RollBack", reason: "it said no", pin: true, rolloutId: "r-2" },
      });
    },
  );

  test("that a first release which was refused has nowhere to go back to", () => {
    const after = afterHooks({ ...noMemory, ...mine.memory }, at("POST_BAKE"), refused);
    const rollout = rolloutOf("bake", { former: null });
    const given = inRollout("bake", { record: { rollout, claim: claimOf() } });
    expect(
      next({ ...given, record: { ...given.record, activeColor: "green" } }, { memory: after }),
    ).toMatchObject({ request: { kind: "Hold", baked: { verdict: "fail" } } });
  });
});

describe("the record", () => {
  const file = { declared: { activeColor: null, generation: null }, name: "Pulumi.dev.yaml" };
  const apply = (given: Given, request: Request) =>
    applyRequest(viewOf(given), request, file).record;
  const attach = { kind: "Attach", rolloutId: "r-2", digest: "sha-2" } as const;
  const filled: Given = { ...inRollout("provision"), colors: { green: outputsOf("green", "2") } };

  test("learns with the next update of the rollout which stages are done, each once", () => {
    const first = apply(filled, { ...attach, hooksDone: ["PRE_SCALE_UP"] });
    expect(first.rollout).toMatchObject({ phase: "check", hooksDone: ["PRE_SCALE_UP"] });
    const again = apply(
      { record: first },
      { ...attach, hooksDone: ["PRE_SCALE_UP", "POST_SCALE_UP"] },
    );
    expect(again.rollout?.hooksDone).toEqual(["PRE_SCALE_UP", "POST_SCALE_UP"]);
  });

  test("keeps what it knows where an update says nothing of hooks", () => {
    const rollout = rolloutOf("provision", { hooksDone: ["PRE_SCALE_UP"] });
    const record = { ...filled.record, rollout };
    expect(apply({ ...filled, record }, attach).rollout?.hooksDone).toEqual(["PRE_SCALE_UP"]);
  });

  test("is told of them by the run's own updates", () => {
    const memory = { ...mine.memory, hooksDone: ["PRE_SCALE_UP"] as const };
    expect(next(filled, { memory, policy })).toMatchObject({
      request: { kind: "Attach", hooksDone: ["PRE_SCALE_UP"] },
    });
  });
});
