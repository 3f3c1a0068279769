/** The former color shrinks once its successor has passed, and grows before traffic comes back. Pure. */

import type { Color, ColorOutputs, Rollout } from "../../infra/model.ts";
import { isUnfinished } from "../../infra/rules/claim.ts";
import { dueShrink, sizeForReturn, warmOf } from "../../infra/rules/warm.ts";
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
  if (!outputs || outputs.given || (outputs.component ?? null) !== null) return undefined;
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

/** The growth of a color that was shrunk, or may still be; null where it is as large as it was. */
export function growFirst(situation: Situation, color: Color): Action | null {
  return warmOf(situation.view, color) ? growForReturn(situation, color) : null;
}

/** The growth to the size of the active color, whatever made this one smaller. */
export function growForReturn({ view }: Situation, color: Color): Action | null {
  const size = sizeForReturn(view, color);
  const outputs = view.colors[color];
  if (size === null || !outputs || isUnfinished(view.record, color, outputs)) return null;
  return { kind: "Grow", color, from: outputs.size, size };
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
