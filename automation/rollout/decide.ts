/** decide(observation, goal, policy) -> action: pure and total, the heart of every command. */

import type { ColorOutputs, Rollout } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { isByHand, isFilledByHand } from "../../infra/rules/by-hand.ts";
import { isRecorded } from "../../infra/rules/record.ts";
import { idleColor } from "../../infra/rules/roles.ts";
import { unproven } from "../../infra/rules/rollout.ts";
import { instant } from "../../infra/rules/view.ts";
import { fullSize } from "../../infra/rules/warm.ts";
import type { Action } from "./action.ts";
import { keep, makeRouter } from "./action.ts";
import { afterItsEnd, failed, failedBake } from "./failure.ts";
import { afterChecks, stopAtGate } from "./gate.ts";
import type { Deploy, SwitchTo } from "./goal.ts";
import { hasHooks, hooksBeforeTraffic, hooksOfBake, hooksOfSwitch } from "./hooks.ts";
import { recording, rolloutHooks } from "./hooks.ts";
import type { Memory } from "./memory.ts";
import { afterStep, decideContract, expandFirst } from "./migration.ts";
import { claimFor, openRollout, takeOwnership, unfinishedVersion } from "./ownership.ts";
import { drainFirst } from "./drain.ts";
import { activeWord, fail, notPassed, refuseDrift, refuseStart, unconvinced } from "./refusal.ts";
import { replaceFirst } from "./replacement.ts";
import { decideRetirement, finishRetiring } from "./retirement.ts";
import { decideRollback } from "./return.ts";
import { movedByOthers, stepsOf, watchOrMoveOn } from "./shift.ts";
import type { Situation } from "./situation.ts";
import { growFirst, shrinkFormer, warmClause, warmSize } from "./warm.ts";

export function decide(situation: Situation): Action {
  return recording(situation, decideGoal(situation));
}

function decideGoal(situation: Situation): Action {
  const { goal, memory } = situation;
  const over = memory.failure !== null || memory.endedBy === "others";
  const stopped = over ? afterStep(situation) : null;
  if (stopped) return { kind: "Update", request: stopped };
  switch (goal.kind) {
    case "Deploy":
      return decideDeploy({ ...situation, goal });
    case "SwitchTo":
      return decideSwitch({ ...situation, goal });
    case "RollBackNow":
      return decideRollback({ ...situation, goal });
    case "RetireIdle":
      return decideRetirement({ ...situation, goal });
    case "Contract":
      return decideContract({ ...situation, goal });
  }
}

function decideDeploy(situation: Situation<Deploy>): Action {
  const { view, memory, goal } = situation;
  const rollout = openRollout(situation);
  if (memory.failure) return failed(situation, rollout, memory.failure);
  if (goal.permit && memory.rolloutId === null && !takesPermission(rollout)) {
    return permittedBefore(situation);
  }
  if (needsRouter(situation)) return keep(makeRouter);
  if (rollout) return advance(situation, rollout);
  if (memory.rolloutId !== null) return afterItsEnd(situation);
  const drifted = refuseDrift(view);
  if (drifted) return { kind: "Fail", error: drifted };
  const already = alreadyServed(situation);
  if (already) return shrinkFormer(situation) ?? already;
  const refusal = refuseStart(situation);
  if (refusal) return { kind: "Fail", error: refusal };
  if (needsProof(situation)) return keep("prove the switch that was cut short");
  const replaced = replaceFirst(situation);
  if (replaced) return replaced;
  const version = goal.version ?? unfinishedVersion(view);
  if (version === null) return shrinkFormer(situation) ?? nothingToFinish(situation);
  const color = idleColor(view.record);
  if (view.record.retiring === color) return finishRetiring(situation, color);
  const claim = claimFor(situation, "deploy", color, version);
  return drainFirst(situation, color) ?? { kind: "Update", request: claim };
}

/** Also after its switch: the run that had the permission may have been cut short there. */
function takesPermission(rollout: Rollout | null): boolean {
  return rollout?.gateUntil !== undefined;
}

function permittedBefore(situation: Situation): Action {
  const { rollout } = situation.view.record;
  if (takesPermission(rollout) && rollout?.phase === "hold") return heldOutcome(situation, rollout);
  return noneWaits;
}

const noneWaits = fail("USAGE", "no rollout waits for permission", "see `bluegreen status`");

function nothingToFinish(situation: Situation): Action {
  const { rollout } = situation.view.record;
  if (situation.memory.shrunk && rollout) return heldOutcome(situation, rollout);
  const byPerson = rollout !== null && isByHand(rollout.id) && rollout.phase !== "hold";
  const sentence = byPerson ? `${rollout.color} was claimed by hand` : "no rollout is open";
  return fail("USAGE", sentence, "name a release: `bluegreen deploy --version VERSION`");
}

/** The router's stack comes first; inactive, it answers 503 until a color is active. */
function needsRouter({ view, memory }: Situation): boolean {
  return lacksRouter(view) && !memory.kept;
}

/** True before the router was ever made whole, and while it is gone and nothing should be served. */
export function lacksRouter({ reading, record, stored }: Observed): boolean {
  return (reading.weights === null && record.activeColor === null) || !isRecorded(stored);
}

/** A flip that was cut short is proven, or goes back, before its former color is touched. */
function needsProof({ view, memory }: Situation): boolean {
  return view.drift.kind === "interrupted" && !memory.kept;
}

function decideSwitch(situation: Situation<SwitchTo>): Action {
  const { view, memory, goal } = situation;
  const rollout = openRollout(situation);
  if (memory.failure) return failed(situation, rollout, memory.failure);
  if (rollout) return advance(situation, rollout);
  const isActive = view.record.activeColor === goal.color;
  // Its hold permitted the shrink, beside which the next rollout may have begun.
  if (memory.rolloutId !== null && !(isActive && memory.shrunk)) return afterItsEnd(situation);
  if (isActive) {
    const recorded = view.drift.kind === "none" || memory.kept;
    if (!recorded) return keep("record what the router serves");
    const held = unproven(view.record);
    if (held && goal.bake) return heldOutcome(situation, held);
    const shrink = goal.bake ? shrinkFormer(situation) : null;
    if (shrink) return shrink;
    return { kind: "Finish", sentence: `${goal.color} is active` };
  }
  const refusal = refuseStart(situation);
  if (refusal) return { kind: "Fail", error: refusal };
  if (needsProof(situation)) return keep("prove the switch that was cut short");
  const outputs = view.colors[goal.color];
  if (!outputs) {
    return fail(
      "COLOR_EMPTY",
      `${goal.color} holds no release`,
      "fill it with `bluegreen deploy --version VERSION`",
    );
  }
  const { digest, version } = outputs.release;
  const byPerson = attachFilled(view, outputs);
  if (byPerson) return byPerson;
  const grow = memory.grown ? null : growFirst(situation, goal.color);
  if (grow) return grow;
  const verdict = checkedVerdict(memory, digest);
  if (verdict === null) return { kind: "Check", color: goal.color };
  if (verdict !== "pass") return { kind: "Fail", error: notPassed(goal.color, verdict) };
  const hooks = hooksOfSwitch(situation, goal.color, { version, digest });
  if (hooks) return hooks;
  const start = claimFor(situation, "switch", goal.color, version);
  // The first of several steps must find its rollout in the record, or who is cut short there
  // would have moved traffic for nobody.
  if (stepsOf(situation).length > 0 && view.record.activeColor !== null) {
    return { kind: "Update", request: start };
  }
  const bakes = goal.bake || hasHooks(situation, "POST_PRODUCTION_TRAFFIC_SHIFT");
  const until = bakes ? null : windowEnd(situation);
  return {
    kind: "Update",
    request: { kind: "Switch", rolloutId: start.rolloutId, digest, start, holdUntil: until },
  };
}

/** Filled by hand: no update of the router has attached it since. */
function attachFilled({ record }: Observed, outputs: ColorOutputs): Action | null {
  const { rollout } = record;
  if (rollout?.phase !== "provision" || !isFilledByHand(record, outputs)) return null;
  const { digest } = outputs.release;
  return { kind: "Update", request: { kind: "Attach", rolloutId: rollout.id, digest } };
}

/** The next step of the rollout that is open. */
function advance(situation: Situation<Deploy | SwitchTo>, rollout: Rollout): Action {
  const waiting = stopAtGate(situation, rollout);
  if (waiting) return waiting;
  const owner = takeOwnership(situation, rollout);
  if (owner?.kind === "Fail") return owner;
  const moved = movedByOthers(situation, rollout);
  const first = moved ?? owner;
  if (first) return first;
  switch (rollout.phase) {
    case "provision":
      return fill(situation, rollout);
    case "check":
    case "gate":
      return check(situation, rollout);
    case "shift":
      return watchOrMoveOn(situation, rollout);
    case "bake":
      return bake(situation, rollout);
    case "hold":
      return shrinkFormer(situation) ?? heldOutcome(situation, rollout);
  }
}

function fill(situation: Situation, rollout: Rollout): Action {
  const { view, policy } = situation;
  const outputs = view.colors[rollout.color];
  if (outputs?.rolloutId === rollout.id) {
    const { digest } = outputs.release;
    return { kind: "Update", request: { kind: "Attach", rolloutId: rollout.id, digest } };
  }
  const hooks = rolloutHooks(situation, "PRE_SCALE_UP", rollout);
  if (hooks) return hooks;
  const expand = expandFirst(situation, rollout);
  if (expand) return expand;
  const active = view.record.activeColor && view.colors[view.record.activeColor];
  const size = Math.max(policy.size, active ? fullSize(active) : 0);
  const { color, version, id } = rollout;
  return drainFirst(situation, color) ?? { kind: "Provision", color, version, rolloutId: id, size };
}

function check(situation: Situation<Deploy | SwitchTo>, rollout: Rollout): Action {
  const { view, memory } = situation;
  const digest = rollout.digest ?? view.colors[rollout.color]?.release.digest ?? "";
  const verdict = checkedVerdict(memory, digest);
  if (verdict === null) {
    const filled = rollout.kind === "deploy";
    const hooks = filled ? hooksBeforeTraffic(situation, "POST_SCALE_UP", rollout) : null;
    return hooks ?? { kind: "Check", color: rollout.color };
  }
  return afterChecks(situation, rollout, digest);
}

function bake(situation: Situation<Deploy | SwitchTo>, rollout: Rollout): Action {
  const { memory, goal } = situation;
  const wanted = goal.kind === "Deploy" || goal.bake;
  const hooks = hooksOfBake(situation, rollout, wanted);
  if (hooks) return needsProof(situation) ? keep("prove the switch that was cut short") : hooks;
  if (!memory.baked && wanted) {
    return { kind: "Judge", color: rollout.color, sinceMs: Date.parse(rollout.since) };
  }
  const failing = memory.baked?.verdict === "fail" ? memory.baked.sentence : null;
  const back = failing === null ? null : failedBake(situation, rollout, failing);
  if (back) return back;
  const rollbackUntil = rollout.former ? windowEnd(situation) : null;
  const { baked } = memory;
  const warm = baked?.verdict === "pass" ? warmSize(situation, rollout) : undefined;
  const hold = { kind: "Hold", rolloutId: rollout.id, baked, rollbackUntil } as const;
  return { kind: "Update", request: { ...hold, ...(warm !== undefined && { warm }) } };
}

/** By the record alone, so that every run tells the same. */
function heldOutcome(situation: Situation, rollout: Rollout): Action {
  const { view } = situation;
  const error = unconvinced(rollout);
  if (error) return { kind: "Fail", error };
  const until = view.record.rollbackUntil;
  const window = until ? `, rollback possible until ${until}` : "";
  const warm = warmClause(situation, rollout.former && view.colors[rollout.former]);
  return { kind: "Finish", sentence: `${rollout.color} serves ${rollout.version}${window}${warm}` };
}

/** A release that serves and didn't pass its bake isn't done, however often it is asked for. */
function alreadyServed(situation: Situation<Deploy>): Action | null {
  const { view, goal } = situation;
  const { activeColor } = view.record;
  const serving = activeColor && view.colors[activeColor];
  const held = unproven(view.record);
  if (goal.version === null) return held && heldOutcome(situation, held);
  if (!serving || serving.release.digest !== goal.digest) return null;
  if (held) return heldOutcome(situation, held);
  return { kind: "Finish", sentence: `${activeWord(view)} serves this release already` };
}

function checkedVerdict(memory: Memory, digest: string) {
  return memory.checked?.digest === digest ? memory.checked.verdict : null;
}

function windowEnd({ view, policy }: Situation): string {
  return instant(view.nowMs + policy.rollbackWindowMs);
}
