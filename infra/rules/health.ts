/** When a color counts as healthy, the same for the guard, the checks and `bluegreen up`. Pure. */

import type { TargetReading } from "../model.ts";

/** `unknown`: out of reach from here, which says nothing of the instances. */
export type Health = "healthy" | "unhealthy" | "unknown";

/** Healthy is a color with instances, all of them ready. */
export function healthOf({ reachable, ready, total }: TargetReading): Health {
  if (!reachable) return "unknown";
  return ready > 0 && ready >= total ? "healthy" : "unhealthy";
}
