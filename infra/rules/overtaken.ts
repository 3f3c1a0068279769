/** Writes of a router that come too late: somebody else moved traffic meanwhile. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { DirectMark, Weights } from "../model.ts";

/** What a router serves, as far as it decides about the next write. */
export interface ServedRoutes {
  readonly weights: Weights;
  readonly generation: number;
  readonly mark: DirectMark | null;
}

/**
 * Generations only rise while traffic hangs on them: who writes a lower one decided before somebody
 * else moved traffic, and would move it back unawares. `replaces` names what is undone on purpose.
 *
 * @throws BlueGreenError DRIFT
 */
export function refuseOvertaken(
  served: ServedRoutes,
  desired: { readonly generation: number },
  replaces: number | undefined,
): void {
  const { generation, mark, weights } = served;
  const serves = weights.blue > 0 || weights.green > 0;
  const late = serves && desired.generation < generation;
  if (replaces === undefined ? !late : replaces === generation) return;
  const asked =
    replaces === undefined
      ? `so a write of generation ${desired.generation} comes too late`
      : `not ${replaces}`;
  const why = mark?.generation === generation ? `; ${mark.by} rolled back: ${mark.reason}` : "";
  const message = `the router is at generation ${generation}, ${asked}${why}`;
  throw new BlueGreenError("DRIFT", message, {
    hint: "somebody else moved traffic meanwhile, and it stays: run the command again",
  });
}
