/** The rollout in the record: the one that is open, and its steps from phase to phase. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { Color, Rollout, RouterRecord } from "../model.ts";
import { isServed, otherColor } from "../model.ts";
import type { Hold } from "./request.ts";
import { instant } from "./view.ts";
import type { View } from "./view.ts";

/** @throws CLAIMED when another rollout has taken its place, or it was ended */
export function openRollout(view: View, id: string): Rollout {
  const { rollout } = view.record;
  if (rollout?.id === id) return rollout;
  throw new BlueGreenError(
    "CLAIMED",
    rollout
      ? `rollout ${rollout.id} has taken the place of ${id}`
      : `rollout ${id} was ended meanwhile: ${view.drift.kind === "none" ? "aborted or rolled back" : view.drift.sentence}`,
    { hint: "see `bluegreen status`" },
  );
}

/**
 * The command that ends a rollout where it is now; null where none does: a first release that
 * serves has no color to go back to.
 */
export function wayOut({
  phase,
  former,
}: Rollout): "bluegreen abort" | "bluegreen rollback" | null {
  if (phase === "provision" || phase === "check" || phase === "gate") return "bluegreen abort";
  return former === null ? null : "bluegreen rollback";
}

/** The rollout whose release serves without having passed its bake; null where it has. */
export function unproven({ rollout, activeColor }: RouterRecord): Rollout | null {
  if (rollout?.phase !== "hold" || rollout.color !== activeColor) return null;
  return rollout.baked === null || rollout.baked.verdict === "pass" ? null : rollout;
}

/**
 * With what its bake said; only one that passed lets the former color shrink, and never one that an
 * earlier shrink may still be going on in.
 */
export function heldRollout(
  rollout: Rollout,
  { baked, warm }: Hold,
  { shrinking }: RouterRecord,
): Rollout {
  const { former } = rollout;
  const shrinks = former !== null && baked?.verdict === "pass" && shrinking?.color !== former;
  return { ...rollout, baked, ...(shrinks && warm !== undefined && { warm }) };
}

export function inPhase(view: View, rollout: Rollout, phase: Rollout["phase"]): RouterRecord {
  return { ...view.record, rollout: { ...rollout, phase, since: instant(view.nowMs) } };
}

/** @throws COLOR_SERVES when the color has traffic */
export function refuseServing(view: View, color: Color, what: string): void {
  const { weights, activeColor } = view.record;
  if (!isServed(weights, color) && activeColor !== color) return;
  throw new BlueGreenError("COLOR_SERVES", `${color} has traffic, so it can't ${what}`, {
    hint: `switch away first: \`bluegreen switch ${otherColor(color)}\``,
  });
}
