/** Updates that move traffic: shift, switch, roll back. Pure. */

import { BlueGreenError } from "./errors.ts";
import type { Expected } from "./guards.ts";
import type { Color, RouterRecord } from "./model.ts";
import { otherColor, perColor, weightsOf } from "./model.ts";
import { withPin } from "./record.ts";
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

export function moveTraffic(view: View, asked: request.Switch | request.Shift): Moved {
  const rollout = openRollout(view, asked.rolloutId);
  const { color } = rollout;
  const full = asked.kind === "Switch";
  const served = full && view.record.weights[color] === 100;
  if (served) {
    const next = rollout.phase === "bake" ? view.record : inPhase(view, rollout, "bake");
    return { record: next, activation: null };
  }
  if (rollout.phase === "provision") {
    throw new BlueGreenError("NOT_CLAIMED", `${color} isn't checked yet`, {
      hint: "continue the rollout with `bluegreen deploy`",
    });
  }
  const { traffic } = view.reading;
  const baseline =
    traffic.kind === "counted" ? perColor((each) => count(traffic.colors[each])) : null;
  const moved = inPhase(view, { ...rollout, baseline }, full ? "bake" : "shift");
  const checked = rollout.kind === "deploy" ? { rolloutId: rollout.id } : {};
  return {
    record: full
      ? { ...moved, ...activated(view, color), rollbackUntil: null }
      : { ...moved, weights: asked.weights },
    activation: { color, expected: { ...checked, digest: asked.digest }, rollback: false },
  };
}

function count(traffic: { requests: number; errors: number }) {
  return { requests: traffic.requests, errors: traffic.errors };
}

export function rollBack(view: View, asked: request.RollBack): Moved {
  const { activeColor, previousRelease, rollout, weights } = view.record;
  const left = rollout?.phase === "shift" ? rollout.color : activeColor;
  const color = rollout?.phase === "shift" ? rollout.former : left && otherColor(left);
  if (!left || !color || !(previousRelease ?? rollout?.former)) {
    throw new BlueGreenError("NOTHING_TO_ROLL_BACK", "there is no former color to return to", {
      hint: "before the switch use `bluegreen abort`; otherwise deploy the release you want",
    });
  }
  const outputs = view.colors[left];
  const blamed = asked.pin && outputs ? outputs.release : null;
  const at = instant(view.nowMs);
  const pins = blamed
    ? withPin(view.record.pins, { ...blamed, reason: asked.reason, by: asked.by, at, until: null })
    : view.record.pins;
  const moved = weights[color] === 100 ? {} : { ...activated(view, color) };
  return {
    record: {
      ...view.record,
      ...moved,
      previousRelease: null,
      rollbackUntil: null,
      pins,
      rollout: null,
      claim: null,
    },
    activation: weights[color] === 100 ? null : { color, expected: {}, rollback: true },
  };
}
