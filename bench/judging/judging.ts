/** The parts of `npm run bench judging`: false rollbacks, detection, late breakage, quiet bakes. */

import type { Result } from "../parts.ts";
import { formatCells } from "../table.ts";
import { brokenPromises, detections, falseRollbacks, verdicts } from "./figures.ts";
import {
  aims,
  badReleases,
  goodReleases,
  hardOnes,
  lateBreakage,
  otherFaults,
  quietBakes,
  usualLooks,
} from "./grids.ts";
import type { Scenario } from "./scenario.ts";
import { simulate } from "./threads.ts";
import type { Simulated } from "./threads.ts";

export interface JudgingOptions {
  /** Of each cell; null: the part's own. */
  readonly runs: number | null;
  readonly seed: number;
  readonly signal: AbortSignal;
}

interface Grid {
  readonly scenarios: readonly Scenario[];
  /** Of each cell. */
  readonly runs: number;
  readonly cells: (cells: readonly Simulated[]) => readonly (readonly string[])[];
  readonly notes?: (cells: readonly Simulated[]) => readonly string[];
}

const found = (cells: readonly Simulated[]) => detections(cells, null);

const grids = {
  good: { scenarios: goodReleases, runs: 180, cells: falseRollbacks, notes: promiseNotes },
  hard: { scenarios: hardOnes, runs: 100, cells: falseRollbacks },
  bad: {
    scenarios: badReleases,
    runs: 300,
    cells: (cells: readonly Simulated[]) => detections(cells, aims),
  },
  looks: { scenarios: usualLooks, runs: 100, cells: found },
  faults: { scenarios: otherFaults, runs: 200, cells: found },
  late: { scenarios: lateBreakage, runs: 100, cells: found },
  quiet: { scenarios: quietBakes, runs: 300, cells: verdicts },
} as const satisfies Readonly<Record<string, Grid>>;

export type JudgingPart = keyof typeof grids;

export async function benchJudging(part: JudgingPart, options: JudgingOptions): Promise<Result> {
  const { scenarios, cells, ...grid }: Grid = grids[part];
  const { seed, signal } = options;
  const runs = options.runs ?? grid.runs;
  const simulated = await simulate({ scenarios, runs, seed, signal });
  return {
    table: formatCells(cells(simulated)),
    notes: [`seed ${seed}, ${runs} runs of each cell`, ...(grid.notes?.(simulated) ?? [])],
    raw: { seed, runs, cells: simulated },
  };
}

function promiseNotes(cells: readonly Simulated[]): readonly string[] {
  const broken = brokenPromises(cells);
  if (broken.length === 0) return ["no cell has more than alpha (1 %) and what luck explains"];
  return broken.map(({ scenario }) => `MORE THAN ALPHA: ${scenario.row} at ${scenario.column}`);
}
