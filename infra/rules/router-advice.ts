/** What to do about a problem of the router, where its platform knows the cause. Pure. */

import type { RouterReading } from "../model.ts";

/** What helps where nothing but the router's process is gone. */
export const bringBack = "bring it back: `bluegreen up`";

/** Null where the platform says nothing about this problem. */
export function adviceOn(
  { problems, advice = [] }: Pick<RouterReading, "problems" | "advice">,
  problem: string,
): string | null {
  return advice[problems.indexOf(problem)] ?? null;
}
