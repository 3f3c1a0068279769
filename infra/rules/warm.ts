/** The former color in its hold: shrunk to what a way back needs at least, and grown again. Pure. */

import type { Color, ColorOutputs, HeldSize, RouterRecord } from "../model.ts";
import { hasOwnComponent, otherColor } from "../model.ts";
import type { ColorRequest } from "./request.ts";
import { isOpen, sizeThatStays } from "./shrinking.ts";
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

/** Null where the color is as large as it should be, or nobody knows better. */
export function warmOf(view: Sizes, color: Color): Warm | null {
  const { record, colors } = view;
  const outputs = colors[color];
  if (!outputs || outputs.given || record.retiring === color) return null;
  const { size, held } = outputs;
  const full = liveSize(view, color) ?? held?.full ?? size;
  const shrinksTo = sizeThatStays(record, outputs);
  const small = isShrunk(outputs) && size < full;
  return shrinksTo !== null || small ? { size, full, shrinksTo } : null;
}

/** False where it is smaller for another reason than a hold, such as a setting that was changed. */
function isShrunk(outputs: ColorOutputs): boolean {
  return outputs.size < fullSize(outputs);
}

/** As many instances as a color had before it was shrunk, or has now where that is more. */
export function fullSize({ size, held }: ColorOutputs): number {
  return Math.max(size, held?.full ?? 0);
}

/** The size that a color that is held warm has before all traffic goes to it; null: it isn't. */
export function sizeBefore(view: Sizes, color: Color): number | null {
  const warm = warmOf(view, color);
  return warm && Math.max(warm.full, warm.size);
}

/**
 * The size that a color gets once traffic is back on it: also where it is smaller than the one that
 * was left for another reason than a hold. Null where it is large enough.
 */
export function sizeAfter(view: Sizes, color: Color): number | null {
  const outputs = view.colors[color];
  if (!outputs || outputs.given || hasOwnComponent(outputs)) return null;
  const left = view.colors[otherColor(color)]?.size ?? 0;
  const grown = sizeBefore(view, color);
  if (grown === null && left <= outputs.size) return null;
  return Math.max(grown ?? 0, left);
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
  if (asked.kind !== "Keep" || asked.size === null) return before;
  const { rollout, shrinking } = record;
  if (shrinking && isOpen(shrinking, current)) {
    return { rolloutId: shrinking.rolloutId, full: next.size };
  }
  const holds = rollout?.phase === "hold" && rollout.former === current.color;
  return holds ? { rolloutId: rollout.id, full: next.size } : before;
}
