/** A shrink of the former color that its hold permits, or that a way back came before. Pure. */

import type { ColorOutputs, PerColor, RouterRecord, Shrinking } from "../model.ts";

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

/**
 * The record with a shrink that a way back came before, however it was gone: by an update, or past
 * the engine. It stays until the color's stack says that it was shrunk, grown or filled anew.
 */
export function withShrinking(
  colors: PerColor<ColorOutputs | null>,
  before: RouterRecord,
  next: RouterRecord,
): RouterRecord {
  const left = begun(colors, before) ?? before.shrinking;
  if (!left) return next;
  const outputs = colors[left.color];
  const isOver = outputs && !isOpen(left, outputs);
  // In the hold itself the permission says it, and what it asks for may still be done.
  const isDue = outputs && dueShrink(next, outputs) !== null;
  const isToStay = next.retiring !== left.color && !isOver && !isDue;
  return { ...next, shrinking: isToStay ? left : undefined };
}

function begun(
  colors: PerColor<ColorOutputs | null>,
  { rollout, ...record }: RouterRecord,
): Shrinking | null {
  const outputs = rollout?.former ? colors[rollout.former] : null;
  const size = outputs ? dueShrink({ ...record, rollout }, outputs) : null;
  if (!rollout || !outputs || size === null) return null;
  const { color, rolloutId: filledBy } = outputs;
  return { color, rolloutId: rollout.id, filledBy, size };
}

/** True until the color's stack says how such a shrink has ended. */
export function isOpen({ color, rolloutId, filledBy }: Shrinking, outputs: ColorOutputs): boolean {
  const { held } = outputs;
  return outputs.color === color && outputs.rolloutId === filledBy && held?.rolloutId !== rolloutId;
}

/** The size to which a color may be shrinking at this moment; null where nobody shrinks it. */
export function sizeThatStays(record: RouterRecord, outputs: ColorOutputs): number | null {
  const { shrinking } = record;
  const left = shrinking && isOpen(shrinking, outputs) ? shrinking.size : null;
  return dueShrink(record, outputs) ?? left;
}
