/** The former color in its hold: shrunk to what a way back needs at least, and grown again. Pure. */

import type { Color, ColorOutputs, HeldSize, RouterRecord } from "../model.ts";
import type { ColorRequest } from "./request.ts";
import type { View } from "./view.ts";

/** A color with fewer instances than the whole traffic needs, or about to have fewer. */
export interface Warm {
  /** As its stack says. */
  readonly size: number;
  /** As many as the active color has now; of the active one, as many as it had before it shrank. */
  readonly full: number;
  /** What a shrink that nobody has finished yet leaves; null where none is due. */
  readonly shrinksTo: number | null;
}

type Sizes = Pick<View, "record" | "colors" | "reading">;

/**
 * The size to which the hold shrinks its former color; null where it doesn't, and once it has been
 * shrunk or grown under it: a color that has grown for a way back isn't shrunk a second time.
 */
export function dueShrink(
  { rollout, activeColor, retiring }: RouterRecord,
  { color, held }: ColorOutputs,
): number | null {
  if (rollout?.phase !== "hold" || rollout.former !== color || retiring === color) return null;
  if (activeColor !== rollout.color || held?.rolloutId === rollout.id) return null;
  return rollout.warm ?? null;
}

/** Null where the color is as large as it should be, or nobody knows better. */
export function warmOf(view: Sizes, color: Color): Warm | null {
  const { record, colors } = view;
  const outputs = colors[color];
  if (!outputs || outputs.given || record.retiring === color) return null;
  const { size, held } = outputs;
  const full = liveSize(view, color) ?? held?.full ?? size;
  const shrinksTo = dueShrink(record, outputs);
  const small = (held ?? null) !== null && size < full;
  return shrinksTo !== null || small ? { size, full, shrinksTo } : null;
}

/**
 * The size that a color has before all traffic goes back to it: also where it is smaller for another
 * reason than its hold, such as a setting that was changed since. Null where it is large enough.
 */
export function sizeForReturn(view: Sizes, color: Color): number | null {
  const outputs = view.colors[color];
  if (!outputs || outputs.given || view.record.retiring === color) return null;
  const full = liveSize(view, color) ?? outputs.held?.full ?? outputs.size;
  if (warmOf(view, color)) return Math.max(full, outputs.size);
  return full > outputs.size ? full : null;
}

/** Number of instances of the other color, if that is the active one. */
function liveSize({ record: { activeColor }, colors, reading }: Sizes, color: Color) {
  const serving = activeColor === null || activeColor === color ? null : colors[activeColor];
  return serving && Math.max(serving.size, reading.targets[serving.color].total);
}

/** What a color's stack is to remember of its size after an update. */
export function heldAfter(
  { record, current }: { readonly record: RouterRecord; readonly current: ColorOutputs | null },
  asked: ColorRequest,
  next: { readonly digest: string; readonly size: number },
): HeldSize | null {
  if (current?.release.digest !== next.digest || asked.kind === "Provision") return null;
  const before = current.held ?? null;
  if (asked.kind === "Shrink") {
    const full = before?.rolloutId === asked.rolloutId ? before.full : current.size;
    return { rolloutId: asked.rolloutId, full };
  }
  const { rollout } = record;
  const holds = rollout?.phase === "hold" && rollout.former === current.color;
  if (asked.kind !== "Keep" || asked.size === null) return before;
  return holds ? { rolloutId: rollout.id, full: next.size } : before;
}
