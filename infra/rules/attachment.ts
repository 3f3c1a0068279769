/** Which addresses of each color the router is to know. Pure. */

import { isUnfinished } from "./claim.ts";
import type { Address, ColorOutputs, PerColor, RouterRecord } from "../model.ts";
import { isServed, perColor } from "../model.ts";
import type { View } from "./view.ts";
import { sizeThatStays } from "./shrinking.ts";

/**
 * The addresses that the router is to know. A color that is being filled or removed has none; a
 * serving color whose stack can't be read keeps those that the router has. Of one that is about to
 * shrink, only those that stay: the others may go at any moment, also after traffic has come back.
 */
export function attachments(view: View, next: RouterRecord): PerColor<readonly Address[]> {
  return perColor((color) => {
    const outputs = view.colors[color];
    const serves = isServed(next.weights, color);
    if (next.retiring === color) return [];
    if (!outputs) return serves ? view.reading.attached[color] : [];
    if (!serves && isUnfinished(next, color, outputs)) return [];
    return outputs.addresses.slice(0, staying(view, next, outputs));
  });
}

function staying(view: View, next: RouterRecord, outputs: ColorOutputs): number | undefined {
  return sizeThatStays(view.record, outputs) ?? sizeThatStays(next, outputs) ?? undefined;
}
