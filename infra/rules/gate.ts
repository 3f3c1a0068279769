/** The gate between the checks and the switch, at which a rollout may wait for a person. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { Claim, Rollout, RouterRecord } from "../model.ts";
import type { WaitAtGate } from "./request.ts";
import { inPhase, openRollout } from "./rollout.ts";
import type { View } from "./view.ts";

/**
 * The record of a rollout that waits: its claim has no owner, so that any machine may go on with it.
 * @throws CLAIMED, NOT_CLAIMED before the color is filled, ROLLOUT_OPEN after the switch
 */
export function waitAtGate(view: View, asked: WaitAtGate): RouterRecord {
  const rollout = openRollout(view, asked.rolloutId);
  const { color, phase } = rollout;
  if (phase === "gate") return view.record;
  if (phase !== "check") {
    const sentence = `rollout ${rollout.id} is in its ${phase}, which no gate follows`;
    throw new BlueGreenError("ROLLOUT_OPEN", sentence, { hint: "see `bluegreen status`" });
  }
  const { digest, until } = asked;
  const claim: Claim = { color, rolloutId: rollout.id, until, owner: null };
  return { ...inPhase(view, { ...rollout, digest, gateUntil: until }, "gate"), claim };
}

/** True once nobody's word counts any more: the rollout is to be given up. */
export function isGateOver({ phase, gateUntil }: Rollout, nowMs: number): boolean {
  return phase === "gate" && gateUntil !== undefined && Date.parse(gateUntil) <= nowMs;
}

/** What a run is told that has no person's word. */
export function gateWaiting({ color, version, gateUntil }: Rollout): BlueGreenError {
  const until = gateUntil === undefined ? "" : ` until ${gateUntil}`;
  const sentence = `${version} is in ${color}, passed its checks, and waits for permission${until}`;
  return new BlueGreenError("GATE_WAITING", sentence, {
    hint: "`bluegreen approve` switches to it, `bluegreen abort` gives it up",
  });
}
