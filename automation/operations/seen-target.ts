/** What a reading of the router tells of one color, for whoever watches it. Pure. */

import type { Color, RouterReading } from "../../infra/model.ts";

/** Bounds of the buckets of its latency; null where it isn't measured. */
export function boundsOf({ traffic }: RouterReading, color: Color): readonly number[] | null {
  return traffic.kind === "counted" ? (traffic.colors[color].latency?.boundsMs ?? null) : null;
}

/** Why the color can't serve at all, as a sentence; null while it can, or nobody can tell. */
export function brokenTarget(reading: RouterReading, color: Color): string | null {
  const target = reading.targets[color];
  const [problem = "no reason known"] = target.problems;
  if (target.crashLoop) return `${color} crashes again and again: ${problem}`;
  const dead = target.reachable && target.total > 0 && target.ready === 0;
  return dead ? `${color} has no ready instance: ${problem}` : null;
}
