/** Which color is idle, and which one traffic came from and may go back to. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { Color, Rollout, RouterRecord } from "../model.ts";
import { otherColor } from "../model.ts";

/** The color that the next release goes into; blue before the first one. */
export function idleColor({ activeColor }: Pick<RouterRecord, "activeColor">): Color {
  return activeColor ? otherColor(activeColor) : "blue";
}

/** Where traffic came from; null where there is nothing, or nothing any more, to return to. */
export function formerOf({ rollout, previousRelease }: RouterRecord): Color | null {
  return rollout && hasMoved(rollout) ? rollout.former : (previousRelease?.color ?? null);
}

function hasMoved({ phase }: Rollout): boolean {
  return phase === "shift" || phase === "bake" || phase === "hold";
}

/**
 * Where traffic came from.
 * @throws NOTHING_TO_ROLL_BACK also while a rollout fills or checks that color: what it held is gone
 */
export function formerColor(record: RouterRecord): Color {
  const { rollout, activeColor } = record;
  const color = formerOf(record);
  if (color) return color;
  if (rollout && activeColor && !hasMoved(rollout)) {
    const sentence = `${activeColor} has all traffic; rollout ${rollout.id} has ${rollout.color} for`;
    throw new BlueGreenError("NOTHING_TO_ROLL_BACK", `${sentence} ${rollout.version}`, {
      hint: "`bluegreen abort` ends that rollout; to leave this release deploy the one you want",
    });
  }
  throw new BlueGreenError("NOTHING_TO_ROLL_BACK", "there is no former color to return to", {
    hint: "before the switch use `bluegreen abort`; otherwise deploy the release you want",
  });
}
