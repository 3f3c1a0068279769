/** Requests of a load as data, for tests of what is said of them. */

import type { Sample } from "../../../bench/client-facts.ts";

/** A whole reply of blue to a GET, but for what is given. */
export function sampleOf(given: Partial<Sample> & Pick<Sample, "startedAt" | "endedAt">): Sample {
  return { color: "blue", post: false, slow: false, problem: null, ...given };
}
