/** Runs batches on all processors, one thread each. */

import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { RunEnd, Scenario } from "./scenario.ts";
import type { Batch } from "./simulation.ts";

export interface Simulated {
  readonly scenario: Scenario;
  readonly ends: readonly RunEnd[];
}

export interface Simulation {
  readonly scenarios: readonly Scenario[];
  /** Of each scenario. */
  readonly runs: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

const perBatch = 25;

/** @throws the signal's reason when it is aborted; what a thread throws */
export async function simulate(simulation: Simulation): Promise<readonly Simulated[]> {
  const { scenarios, signal } = simulation;
  const open = batchesOf(simulation);
  const ends = scenarios.map((): RunEnd[] => []);
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    try {
      for (let batch = open.shift(); batch; batch = open.shift()) {
        worker.postMessage(batch);
        const [found] = (await once(worker, "message", { signal })) as [readonly RunEnd[]];
        ends[batch.place]?.push(...found);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return scenarios.map((scenario, place) => ({ scenario, ends: ends[place] ?? [] }));
}

function batchesOf({ scenarios, runs, seed }: Simulation): Batch[] {
  return scenarios.flatMap((scenario, place) =>
    Array.from({ length: Math.ceil(runs / perBatch) }, (_, index): Batch => {
      const from = index * perBatch;
      return { scenario, seed, place, from, count: Math.min(perBatch, runs - from) };
    }),
  );
}
