/** What follows when a rollout fails: the way back, the pin, the end of its claim, the last word. Pure. */

import { BlueGreenError } from "../../infra/errors.ts";
import type { Color, Release, Rollout } from "../../infra/model.ts";
import { isServed } from "../../infra/model.ts";
import { personOf, sameOwner } from "../../infra/rules/owner.ts";
import { pinOf } from "../../infra/rules/record.ts";
import type { Abort, PinRelease, RollBack } from "../../infra/rules/request.ts";
import type { Action } from "./action.ts";
import type { Self } from "./goal.ts";
import type { Failure } from "./memory.ts";
import { endedByOthers, rolledBack } from "./refusal.ts";
import type { Situation } from "./situation.ts";

/** Cleans up after a failure: before the switch the claim goes, after it traffic goes back. */
export function failed(
  situation: Situation,
  rollout: Rollout | null,
  { error, blamed }: Failure,
): Action {
  const { memory, self, view } = situation;
  // Whose release was rolled back is told that, whatever came after it.
  if (error.code !== "ROLLED_BACK" && isEndedByOthers(situation)) return endedByOthers(situation);
  const mine = rollout !== null && rollout.id === memory.rolloutId;
  const serving = rollout !== null && isServed(view.record.weights, rollout.color);
  // A switch that is also its rollout's beginning isn't remembered when it fails.
  const begun = mine || rollout?.id === self.rolloutId;
  if (error.code === "SWITCH_STUCK" && begun && serving && rollout.former) {
    const request = { ...blame(self, error.message, rollout.id), pin: false };
    return wayBack(situation, rollout.former, request);
  }
  const leaving = mine && serving ? leaveShift(situation, rollout, { error, blamed }) : null;
  if (leaving) return leaving;
  if (blamed && !isPinned(situation, blamed)) {
    return { kind: "Update", request: pinning(self, blamed, error.message) };
  }
  if (mine && !serving) return { kind: "Update", request: giveUp(situation, rollout, error) };
  if (mayCatchUp(situation)) return { kind: "Update", request: { kind: "Keep" } };
  return { kind: "Fail", error: lastWord(situation, { error, blamed }, serving ? rollout : null) };
}

/** Past an engine that was too slow the router knows more than the record, which may still follow. */
function mayCatchUp({ memory, view: { drift } }: Situation): boolean {
  const { barred, caughtUp } = memory;
  return drift.kind === "direct" && barred?.code === "ENGINE_FAILED" && !caughtUp;
}

/** Where nothing has taken its place, only a look that came before this run's own end can tell. */
function isEndedByOthers({ memory: { rolloutId, endedBy }, view }: Situation): boolean {
  if (endedBy !== null || rolloutId === null) return endedBy === "others";
  const { rollout } = view.record;
  return rollout !== null && rollout.id !== rolloutId;
}

/**
 * A shift that can't go on goes back: nobody would judge the share that has moved. Null where that
 * was tried, and where somebody else works on the rollout.
 */
function leaveShift(situation: Situation, rollout: Rollout, { error, blamed }: Failure) {
  const { memory, self, view } = situation;
  const { phase, former, id } = rollout;
  const own = sameOwner(view.record.claim?.owner ?? null, self.owner);
  // A person has moved traffic past the shift, and what a person has set stays.
  if (view.drift.kind === "foreign") return null;
  if (phase !== "shift" || former === null || !own || memory.baked?.verdict === "fail") return null;
  return wayBack(situation, former, { ...blame(self, error.message, id), pin: blamed !== null });
}

/** Back, because the release didn't pass its bake, or a step before it. */
export function failedBake(situation: Situation, { id, former }: Rollout, sentence: string) {
  return former && wayBack(situation, former, blame(situation.self, sentence, id));
}

/** Through the engine, or past it once it is known that the engine can't. */
function wayBack({ memory }: Situation, to: Color, request: RollBack): Action {
  return memory.barred ? { kind: "FlipBack", to, request } : { kind: "Update", request };
}

/** The rollout is gone: by this run's own rollback whose update was cut short, or by others. */
export function afterItsEnd(situation: Situation): Action {
  const { memory, view, self } = situation;
  const { activeColor } = view.record;
  if (memory.baked?.verdict !== "fail" || !activeColor) return endedByOthers(situation);
  const { sentence } = memory.baked;
  if (view.drift.kind === "direct" && !memory.barred) {
    return { kind: "Update", request: blame(self, sentence, memory.rolloutId) };
  }
  if (memory.endedBy === "others") return endedByOthers(situation);
  return { kind: "Fail", error: rolledBack(sentence, activeColor) };
}

/** Back, because the release failed: it is pinned. */
function blame(self: Self, reason: string, rolloutId: string | null): RollBack {
  return { kind: "RollBack", reason, by: personOf(self.owner), rolloutId, pin: true };
}

/** Traffic is back already, because the release failed: it is pinned. */
function pinning(self: Self, { version, digest }: Release, reason: string): PinRelease {
  return { kind: "Pin", version, digest, reason, by: personOf(self.owner), until: null };
}

/** As recorded: until then only the router keeps the pin that was left in it. */
function isPinned({ view: { stored, nowMs } }: Situation, { digest }: Release): boolean {
  return pinOf(stored.pins, digest, nowMs) !== null;
}

/** Refused where others were first, so that this run says so. */
function giveUp(situation: Situation, { id }: Rollout, { message: reason }: BlueGreenError): Abort {
  const untouched = isUntouched(situation, id);
  return { kind: "Abort", reason, rolloutId: id, untouched, mustBeOpen: true };
}

/** Only who made the claim knows that nobody has filled the color under it. */
function isUntouched({ memory, self }: Situation, rolloutId: string): boolean {
  return rolloutId === self.rolloutId && !memory.touched;
}

/** The end of the own claim of a run that is to stop; null where its color may have been touched. */
export function unusedClaim(situation: Situation): Abort | null {
  const { rollout } = situation.view.record;
  const mine = rollout?.phase === "provision" && rollout.id === situation.memory.rolloutId;
  if (!mine || !isUntouched(situation, rollout.id)) return null;
  const reason = "interrupted before anything was done";
  return { kind: "Abort", reason, rolloutId: rollout.id, untouched: true };
}

function lastWord(
  { memory, view }: Situation,
  { error, blamed }: Failure,
  serving: Rollout | null,
): BlueGreenError {
  const { activeColor } = view.record;
  if (blamed && activeColor) return rolledBack(error.message, activeColor);
  const back = memory.barred !== null && view.drift.kind === "direct";
  if (back && memory.baked === null && activeColor) {
    return rolledBack(error.message, activeColor, { pinned: false });
  }
  if (memory.baked?.verdict !== "fail" || error.code === "ROLLED_BACK") return error;
  const { sentence } = memory.baked;
  const stays = serving?.former ? serving : null;
  const barred = memory.barred ? [`${memory.barred.code}: ${memory.barred.message}`] : [];
  const details = [...barred, ...error.details];
  if (stays) return notReturned(stays, sentence, { error, details });
  return new BlueGreenError(error.code, error.message, {
    details: [`the bake says fail: ${sentence}`, ...details],
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

/** The release fails and has the traffic: whatever kept it there, a person is needed. */
function notReturned(
  { color, former }: Rollout,
  verdict: string,
  { error, details }: { error: BlueGreenError; details: readonly string[] },
): BlueGreenError {
  const impossible = error.code === "ROLLBACK_IMPOSSIBLE" || error.code === "SCHEMA_UNFIT";
  const way = "go back with `bluegreen rollback --direct`";
  const why = `${error.code}: ${error.message}`;
  return new BlueGreenError(
    impossible ? error.code : "SWITCH_STUCK",
    `${verdict}; ${color} has the traffic still, as it couldn't go back to ${String(former)}: ${why}`,
    { hint: (impossible ? error.hint : null) ?? way, details, cause: error },
  );
}
