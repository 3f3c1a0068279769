/** How a simulated command ended, in one word. */

import type { Task } from "./schedule.ts";

/** `finished`, or the code of the error that a person would see. */
export function codeOf({ outcome }: Task): string {
  if (outcome === null) return "unfinished";
  return outcome.kind === "finished" ? "finished" : outcome.error.code;
}
