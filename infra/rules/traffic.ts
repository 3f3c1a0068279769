/** Updates that move traffic: shift, switch, roll back. Pure. */

import assert from "node:assert";
import { BlueGreenError } from "../errors.ts";
import type { Expected } from "./activation.ts";
import type {
  Color,
  DirectMark,
  Instant,
  Rollout,
  RouterReading,
  RouterRecord,
  Weights,
} from "../model.ts";
import { formatWeights, hasAll, isServed, otherColor, sameWeights, weightsOf } from "../model.ts";
import { withoutRollout } from "./claim.ts";
import { gateWaiting } from "./gate.ts";
import { formerColor } from "./roles.ts";
import { countsOf, withPin } from "./record.ts";
import type * as request from "./request.ts";
import { inPhase, openRollout } from "./rollout.ts";
import { instant } from "./view.ts";
import type { View } from "./view.ts";

/** A color that is to get traffic with this update; guarded again right before the flip. */
export interface Activation {
  readonly color: Color;
  readonly expected: Expected;
  /** A rollback needs one ready instance, nothing else. */
  readonly rollback: boolean;
}

export interface Moved {
  readonly record: RouterRecord;
  readonly activation: Activation | null;
  /** Goes into the router with a rollback's weights. */
  readonly mark?: DirectMark;
}

/** The fields of the record that change together when another color becomes active. */
export function activated(view: View, color: Color) {
  const { activeColor, generation } = view.record;
  const former = activeColor && view.colors[activeColor];
  return {
    activeColor: color,
    weights: weightsOf(color),
    generation: generation + 1,
    switchedAt: instant(view.nowMs),
    previousRelease: former ? { color: former.color, release: former.release } : null,
  };
}

/** A flip counts from when the data plane was seen to follow, however slow its update was. */
export function seenServed(record: RouterRecord, at: Instant): RouterRecord {
  const { rollout, activeColor, weights } = record;
  const whole = activeColor !== null && hasAll(weights, activeColor);
  const switchedAt = whole ? at : record.switchedAt;
  return { ...record, switchedAt, rollout: rollout && { ...rollout, since: at } };
}

/**
 * A step counts from the first reading that shows its share. From any earlier one, requests that the
 * former color served alone would count into it, and an outage of both would look like the new one's.
 */
export function seenShared(
  record: RouterRecord,
  reading: RouterReading,
  at: Instant,
): RouterRecord {
  const { rollout } = record;
  return { ...record, rollout: rollout && { ...rollout, since: at, baseline: countsOf(reading) } };
}

export function moveTraffic(view: View, asked: request.Switch | request.Shift): Moved {
  const rollout = openRollout(view, asked.rolloutId);
  const { color } = rollout;
  const full = asked.kind === "Switch";
  const over = rollout.phase === "bake" || rollout.phase === "hold";
  if (view.record.weights[color] === 100) {
    return { record: over ? view.record : inPhase(view, rollout, "bake"), activation: null };
  }
  refuseUnchecked(rollout);
  const permission = asked.permission ?? rollout.permission;
  if (rollout.phase === "gate" && !permission) throw gateWaiting(rollout);
  if (asked.kind === "Shift") refuseWrongShare(rollout, asked.weights);
  if (rollout.phase === "shift") refuseOthersShare(view, asked);
  const baseline = countsOf(view.reading);
  const moved = inPhase(
    view,
    { ...rollout, baseline, ...(permission && { permission }) },
    full ? "bake" : "shift",
  );
  const checked = rollout.kind === "deploy" ? { rolloutId: rollout.id } : {};
  return {
    record:
      asked.kind === "Switch"
        ? { ...moved, ...activated(view, color), rollbackUntil: null }
        : shifted(moved, asked),
    activation: { color, expected: { ...checked, digest: asked.digest }, rollback: false },
  };
}

/** A step may last longer than what is left of the claim. */
function shifted(moved: RouterRecord, { weights, until }: request.Shift): RouterRecord {
  const { claim } = moved;
  return { ...moved, weights, claim: claim && until !== undefined ? { ...claim, until } : claim };
}

/** A share that nobody recorded is a person's, but for the one that is asked for once more. */
function refuseOthersShare(view: View, asked: request.Switch | request.Shift): void {
  const again = asked.kind === "Shift" && sameWeights(asked.weights, view.record.weights);
  if (view.drift.kind === "foreign") throw movedInShift(view);
  if (view.drift.kind !== "interrupted" || again) return;
  throw movedInShift(view, `the router serves ${formatWeights(view.record.weights)} meanwhile`);
}

/** A person has set another share past the rollout: it goes on from there only when asked. */
export function movedInShift(
  { drift }: Pick<View, "drift">,
  sentence = drift.kind === "none" ? "" : drift.sentence,
): BlueGreenError {
  return new BlueGreenError("DRIFT", `somebody moved traffic in the shift: ${sentence}`, {
    hint:
      "`bluegreen rollback` returns all traffic; to go on from here, `bluegreen up` and then " +
      "`bluegreen deploy`",
  });
}

function refuseUnchecked({ phase, color }: Rollout): void {
  if (phase !== "provision") return;
  throw new BlueGreenError("NOT_CLAIMED", `${color} isn't checked yet`, {
    hint: "continue the rollout with `bluegreen deploy`",
  });
}

/** A shift is on the way to a switch: part of the traffic, and never once all of it has moved. */
function refuseWrongShare({ id, phase, color, former }: Rollout, weights: Weights): void {
  const partial = isServed(weights, color) && weights[color] < 100;
  assert(partial && weights.blue + weights.green === 100, `shift to ${formatWeights(weights)}`);
  if (former === null) {
    throw new BlueGreenError("COLOR_EMPTY", `no color shares traffic with ${color}`, {
      hint: "a first release gets all traffic at once",
    });
  }
  if (phase !== "bake" && phase !== "hold") return;
  throw switchedAlready({ id });
}

function switchedAlready({ id }: Pick<Rollout, "id">): BlueGreenError {
  return new BlueGreenError("ROLLOUT_OPEN", `rollout ${id} has switched already`, {
    hint: "see `bluegreen status`",
  });
}

export function rollBack(view: View, asked: request.RollBack): Moved {
  // Traffic went back already, directly or by an update that was cut short: never back and forth.
  if (view.drift.kind === "direct") return { record: view.record, activation: null };
  if (asked.rolloutId !== null) {
    const rollout = openRollout(view, asked.rolloutId);
    if (asked.beforeSwitch && rollout.phase !== "shift") throw switchedAlready(rollout);
  }
  const { weights } = view.record;
  const color = formerColor(view.record);
  const outputs = view.colors[otherColor(color)];
  const { reason, by } = asked;
  const at = instant(view.nowMs);
  const pin = asked.pin && outputs ? { ...outputs.release, reason, by, at, until: null } : null;
  const ended = {
    ...view.record,
    previousRelease: null,
    rollbackUntil: null,
    pins: pin ? withPin(view.record.pins, pin) : view.record.pins,
    rollout: null,
    claim: null,
  };
  if (hasAll(weights, color)) return { record: ended, activation: null };
  const moved = returned(view, color);
  return {
    record: { ...ended, ...moved },
    activation: { color, expected: {}, rollback: true },
    mark: { generation: moved.generation, at, by, reason, pin },
  };
}

/** A person's way back out of a shift: no release is blamed. */
export function backFromShift(view: View, record: RouterRecord, color: Color): Moved {
  return {
    record: { ...withoutRollout(record), ...returned(view, color), rollbackUntil: null },
    activation: { color, expected: {}, rollback: true },
  };
}

/** All traffic on the former color; the other one isn't kept to go forth to again. */
function returned(view: View, color: Color) {
  const moved = activated(view, color);
  // Out of a shift forth and back are two changes: the count still tells which color had which.
  const twice = view.record.activeColor === color ? 1 : 0;
  return { ...moved, generation: moved.generation + twice, previousRelease: null };
}
