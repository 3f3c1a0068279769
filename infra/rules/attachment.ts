/** Which addresses of each color the router is to know. Pure. */

import { isUnfinished } from "./claim.ts";
import type { Address, PerColor, RouterRecord } from "../model.ts";
import { isServed, perColor } from "../model.ts";
import type { View } from "./view.ts";

/**
 * The addresses that the router is to know. A color that is being filled or removed has none; a
 * serving color whose stack can't be read keeps those that the router has.
 */
export function attachments(view: View, next: RouterRecord): PerColor<readonly Address[]> {
  return perColor((color) => {
    const outputs = view.colors[color];
    const serves = isServed(next.weights, color);
    if (next.retiring === color) return [];
    if (!outputs) return serves ? view.reading.attached[color] : [];
    return !serves && isUnfinished(next, color, outputs) ? [] : outputs.addresses;
  });
}
