/** The former color shrinks once its successor has passed, and grows before traffic comes back. Pure. */

import type { Color, ColorOutputs, Rollout } from "../../infra/model.ts";
import { hasOwnComponent } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { isUnfinished } from "../../infra/rules/claim.ts";
import { unfitRelease } from "../../infra/rules/schema.ts";
import { dueShrink } from "../../infra/rules/shrinking.ts";
import { sizeAfter, sizeBefore, warmOf } from "../../infra/rules/warm.ts";
import type { Action } from "./action.ts";
import { drainFirst } from "./drain.ts";
import type { Policy } from "./goal.ts";
import type { Situation } from "./situation.ts";

/** Instances that a warm color keeps of so many; undefined: all of them. */
export function keptOf(size: number, warm: Policy["warm"]): number | undefined {
  const wanted =
    typeof warm === "string" ? Math.ceil((size * Number.parseInt(warm, 10)) / 100) : warm;
  return (wanted ?? size) >= size ? undefined : (wanted ?? undefined);
}

/** What the hold of a rollout leaves of its former color; only of what bluegreen has started. */
export function warmSize({ view, policy }: Situation, { former }: Rollout): number | undefined {
  const outputs = former && view.colors[former];
  if (!outputs || outputs.given || hasOwnComponent(outputs)) return undefined;
  return keptOf(outputs.size, policy.warm);
}

/** The shrink that a recorded hold asks for; null where it is done, or was tried. */
export function shrinkFormer(situation: Situation): Action | null {
  const { view, memory } = situation;
  const { rollout } = view.record;
  const outputs = rollout?.former ? view.colors[rollout.former] : null;
  if (!rollout || !outputs || memory.shrunk) return null;
  const { color, size: from } = outputs;
  const size = dueShrink(view.record, outputs);
  if (size === null || size >= from || isUnfinished(view.record, color, outputs)) return null;
  const shrink = { kind: "Shrink", color, from, size, rolloutId: rollout.id } as const;
  return drainFirst(situation, color) ?? shrink;
}

/**
 * The growth of a color that was shrunk, or may still be, before it gets the traffic. One that is
 * smaller for another reason doesn't wait for it, and none grows whose release is refused anyway.
 */
export function growFirst({ view }: Situation, color: Color): Action | null {
  const outputs = view.colors[color];
  if (!outputs || unfitRelease(view.record, outputs)) return null;
  return growTo(view, outputs, sizeBefore(view, color));
}

/** The growth of a color that has the traffic again, whatever made it smaller than it has to be. */
export function growLate({ view, policy }: Situation, color: Color): Action | null {
  const outputs = view.colors[color];
  if (!outputs || policy.sizesStay === true) return null;
  return growTo(view, outputs, sizeAfter(view, color));
}

function growTo({ record }: Observed, outputs: ColorOutputs, size: number | null): Action | null {
  const { color, size: from } = outputs;
  if (size === null || isUnfinished(record, color, outputs)) return null;
  return { kind: "Grow", color, from, size };
}

/** True where the router doesn't know of all instances of a color that has traffic. */
export function isPartlyAttached({ view }: Situation, color: Color): boolean {
  const known = view.reading.attached[color];
  return (view.colors[color]?.addresses ?? []).some((address) => !known.includes(address));
}

/** Said of a held color at the end of a rollout; empty where it is as large as it was. */
export function warmClause({ view }: Situation, outputs: ColorOutputs | null): string {
  const warm = outputs && warmOf(view, outputs.color);
  if (!warm || warm.size >= warm.full) return "";
  return `; ${outputs.color} is held warm with ${warm.size} of ${warm.full} instances`;
}
