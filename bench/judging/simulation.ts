/** Many runs of many scenarios, each with numbers of its own, so that no order changes a result. */

import { runBake } from "./bake-run.ts";
import { chanceOf } from "./random.ts";
import type { RunEnd, Scenario } from "./scenario.ts";
import { runShift } from "./shift-run.ts";

/** Some runs of one scenario. */
export interface Batch {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Of the scenario: the same place and seed give the same numbers. */
  readonly place: number;
  readonly from: number;
  readonly count: number;
}

/** So that users meet the same, whatever is sent beside them. */
const ownStream = 1;

export function runBatch({ scenario, seed, place, from, count }: Batch): readonly RunEnd[] {
  const run = scenario.weights.length > 0 ? runShift : runBake;
  return Array.from({ length: count }, (_, index) =>
    run(
      scenario,
      chanceOf(seed, place, from + index),
      chanceOf(seed, place, from + index, ownStream),
    ),
  );
}
