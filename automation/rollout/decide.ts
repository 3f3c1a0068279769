/** decide(observation, goal, policy) -> action: pure and total, the heart of every command. */

import type { BlueGreenError } from "../../infra/errors.ts";
import type { Release, Rollout } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { isByHand } from "../../infra/rules/by-hand.ts";
import { isRecorded, pinOf } from "../../infra/rules/record.ts";
import type { PinRelease, RollBack } from "../../infra/rules/request.ts";
import { idleColor } from "../../infra/rules/roles.ts";
import { unproven } from "../../infra/rules/rollout.ts";
import { instant } from "../../infra/rules/view.ts";
import type { Action } from "./action.ts";
import { makeRouter } from "./action.ts";
import { afterChecks, stopAtGate } from "./gate.ts";
import type { Deploy, RollBackNow, Self, SwitchTo } from "./goal.ts";
import type { Memory } from "./memory.ts";
import { claimFor, nameOf, openRollout, takeOwnership, unfinishedVersion } from "./ownership.ts";
import { drainFirst } from "./drain.ts";
import {
  activeWord,
  endedByOthers,
  fail,
  failedBake,
  notPassed,
  refuseDrift,
  refuseStart,
  rolledBack,
} from "./refusal.ts";
import { decideRetirement, finishRetiring } from "./retirement.ts";
import type { Situation } from "./situation.ts";

export function decide(situation: Situation): Action {
  const { goal } = situation;
  switch (goal.kind) {
    case "Deploy":
      return decideDeploy({ ...situation, goal });
    case "SwitchTo":
      return decideSwitch({ ...situation, goal });
    case "RollBackNow":
      return decideRollback({ ...situation, goal });
    case "RetireIdle":
      return decideRetirement({ ...situation, goal });
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
  if (already) return already;
  const refusal = refuseStart(situation);
  if (refusal) return { kind: "Fail", error: refusal };
  if (needsProof(situation)) return keep("prove the switch that was cut short");
  const version = goal.version ?? unfinishedVersion(view);
  if (version === null) return nothingToFinish(view);
  const color = idleColor(view.record);
  if (view.record.retiring === color) return finishRetiring(situation, color);
  const claim = claimFor(situation, "deploy", color, version);
  return drainFirst(situation, color) ?? { kind: "Update", request: claim };
}

function keep(as: string): Action {
  return { kind: "Update", request: { kind: "Keep" }, as };
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

function nothingToFinish({ record: { rollout } }: Observed): Action {
  const byPerson = rollout !== null && isByHand(rollout.id) && rollout.phase !== "hold";
  const sentence = byPerson ? `${rollout.color} was claimed by hand` : "no rollout is open";
  return fail("USAGE", sentence, "name a release: `bluegreen deploy --version VERSION`");
}

/** The rollout is gone: by this run's own rollback whose update was cut short, or by others. */
function afterItsEnd(situation: Situation): Action {
  const { memory, view, self } = situation;
  const { activeColor } = view.record;
  if (memory.baked?.verdict !== "fail" || !activeColor) return endedByOthers(situation);
  const { sentence } = memory.baked;
  if (view.drift.kind !== "direct") {
    return { kind: "Fail", error: rolledBack(sentence, activeColor) };
  }
  return { kind: "Update", request: blame(self, sentence, memory.rolloutId) };
}

/** Back, because the release failed: it is pinned. */
function blame(self: Self, reason: string, rolloutId: string | null): RollBack {
  return { kind: "RollBack", reason, by: nameOf(self), rolloutId, pin: true };
}

/** Traffic is back already, because the release failed: it is pinned. */
function pinning(self: Self, { version, digest }: Release, reason: string): PinRelease {
  return { kind: "Pin", version, digest, reason, by: nameOf(self), until: null };
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
  if (memory.rolloutId !== null && !memory.done) return afterItsEnd(situation);
  if (view.record.activeColor === goal.color) {
    const recorded = view.drift.kind === "none" || memory.kept;
    if (!recorded) return keep("record what the router serves");
    const held = unproven(view.record);
    if (held && goal.bake) return heldOutcome(situation, held);
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
  const verdict = checkedVerdict(memory, digest);
  if (verdict === null) return { kind: "Check", color: goal.color };
  if (verdict !== "pass") return { kind: "Fail", error: notPassed(goal.color, verdict) };
  const start = claimFor(situation, "switch", goal.color, version);
  const until = goal.bake ? null : windowEnd(situation);
  return {
    kind: "Update",
    request: { kind: "Switch", rolloutId: start.rolloutId, digest, start, holdUntil: until },
  };
}

const firstWay = "deploy a first release: `bluegreen deploy --version VERSION`";

function decideRollback(situation: Situation<RollBackNow>): Action {
  const { view, memory, goal, self } = situation;
  if (memory.failure) return { kind: "Fail", error: memory.failure };
  if (!isRecorded(view.stored) && view.reading.weights === null) {
    return fail("NOTHING_TO_ROLL_BACK", "nothing was ever deployed here", firstWay);
  }
  if (memory.done) {
    return { kind: "Finish", sentence: `${activeWord(view)} is active again` };
  }
  const by = nameOf(self);
  return {
    kind: "Update",
    request: { kind: "RollBack", reason: goal.reason, by, rolloutId: null, pin: goal.pin },
  };
}

/** The next step of the rollout that is open. */
function advance(situation: Situation<Deploy | SwitchTo>, rollout: Rollout): Action {
  const waiting = stopAtGate(situation, rollout);
  if (waiting) return waiting;
  const owner = takeOwnership(situation, rollout);
  if (owner) return owner;
  switch (rollout.phase) {
    case "provision":
      return fill(situation, rollout);
    case "check":
    case "gate":
    case "shift":
      return check(situation, rollout);
    case "bake":
      return bake(situation, rollout);
    case "hold":
      return heldOutcome(situation, rollout);
  }
}

function fill(situation: Situation, rollout: Rollout): Action {
  const { view, policy } = situation;
  const outputs = view.colors[rollout.color];
  if (outputs?.rolloutId === rollout.id) {
    const { digest } = outputs.release;
    return { kind: "Update", request: { kind: "Attach", rolloutId: rollout.id, digest } };
  }
  const active = view.record.activeColor && view.colors[view.record.activeColor];
  const size = Math.max(policy.size, active ? active.size : 0);
  const { color, version, id } = rollout;
  return drainFirst(situation, color) ?? { kind: "Provision", color, version, rolloutId: id, size };
}

function check(situation: Situation<Deploy | SwitchTo>, rollout: Rollout): Action {
  const { view, memory } = situation;
  const digest = rollout.digest ?? view.colors[rollout.color]?.release.digest ?? "";
  const verdict = checkedVerdict(memory, digest);
  if (verdict === null) return { kind: "Check", color: rollout.color };
  return afterChecks(situation, rollout, digest);
}

function bake(situation: Situation<Deploy | SwitchTo>, rollout: Rollout): Action {
  const { memory, self, goal } = situation;
  const wanted = goal.kind === "Deploy" || goal.bake;
  if (!memory.baked && wanted) {
    return { kind: "Judge", color: rollout.color, sinceMs: Date.parse(rollout.since) };
  }
  if (memory.baked?.verdict === "fail" && rollout.former) {
    return { kind: "Update", request: blame(self, memory.baked.sentence, rollout.id) };
  }
  const rollbackUntil = windowEnd(situation);
  const { baked } = memory;
  return { kind: "Update", request: { kind: "Hold", rolloutId: rollout.id, baked, rollbackUntil } };
}

/** By the record alone, so that every run tells the same. */
function heldOutcome({ view }: Situation, rollout: Rollout): Action {
  const error = failedBake(rollout);
  if (error) return { kind: "Fail", error };
  const until = view.record.rollbackUntil;
  const window = until ? `, rollback possible until ${until}` : "";
  return { kind: "Finish", sentence: `${rollout.color} serves ${rollout.version}${window}` };
}

/** Cleans up after a failure: before the switch the claim goes, after it traffic goes back. */
function failed(situation: Situation, rollout: Rollout | null, error: BlueGreenError): Action {
  const { memory, self } = situation;
  const mine = rollout && rollout.id === memory.rolloutId;
  const serving = rollout && situation.view.record.weights[rollout.color] > 0;
  // A switch that is also its rollout's beginning isn't remembered when it fails.
  const begun = mine || rollout?.id === self.rolloutId;
  if (error.code === "SWITCH_STUCK" && begun && serving && rollout.former) {
    return { kind: "Update", request: { ...blame(self, error.message, rollout.id), pin: false } };
  }
  if (memory.blamed && !isPinned(situation, memory.blamed)) {
    return { kind: "Update", request: pinning(self, memory.blamed, error.message) };
  }
  const idle = mine && !serving;
  if (!idle) return { kind: "Fail", error: afterPinning(situation, error) };
  // Only who made the claim knows that nobody has filled the color under it.
  const untouched = rollout.id === self.rolloutId && !memory.filling;
  return {
    kind: "Update",
    request: { kind: "Abort", reason: error.message, rolloutId: rollout.id, untouched },
  };
}

function isPinned({ view: { record, nowMs } }: Situation, { digest }: Release): boolean {
  return pinOf(record.pins, digest, nowMs) !== null;
}

/** The program that set the router back knew of no pin. */
function afterPinning({ memory, view }: Situation, error: BlueGreenError): BlueGreenError {
  const { activeColor } = view.record;
  return memory.blamed && activeColor ? rolledBack(error.message, activeColor) : error;
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
