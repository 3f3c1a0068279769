/** Before anything of a color goes, what it still answers is waited for, in bounds. Pure. */

import type { Color, RouterReading } from "../../infra/model.ts";
import { isServed } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Draining } from "./action.ts";
import type { Situation } from "./situation.ts";

/** True when no request of the color is open, as far as that is counted. */
export function hasNothingOpen({ weights, traffic }: RouterReading, color: Color): boolean {
  // Without a router no request reaches the color, and none comes back from it.
  if (weights === null) return true;
  return traffic.kind === "counted" && traffic.colors[color].open === 0;
}

/**
 * How long a color that is to go may still answer what it has open: until `drainMs` after it lost
 * its traffic. 0 where there is nothing to wait for.
 */
export function drainLeftMs(view: Observed, color: Color, drainMs: number): number {
  const { record, reading, colors, nowMs } = view;
  const serves = isServed(reading.weights ?? record.weights, color);
  // What is given stays when the color goes.
  if (serves || !colors[color] || colors[color].given) return 0;
  if (record.switchedAt === null || hasNothingOpen(reading, color)) return 0;
  // Another machine's clock may be ahead of this one's.
  const sinceMs = Math.min(nowMs, Date.parse(record.switchedAt));
  return Math.max(0, sinceMs + drainMs - nowMs);
}

/** The wait that comes before a color is emptied or filled anew; null where it may be done now. */
export function drainFirst({ view, memory, policy }: Situation, color: Color): Draining | null {
  if (memory.drained === color) return null;
  const ms = drainLeftMs(view, color, policy.quietMs);
  return ms > 0 ? { kind: "Drain", color, ms } : null;
}
