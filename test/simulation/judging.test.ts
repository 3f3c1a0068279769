/** A small part of `npm run bench judging`, which fails when the judge gets worse. */

import { expect, test, vi } from "vitest";
import {
  brokenPromises,
  detectedShare,
  medianRequests,
  medianSeconds,
} from "../../bench/judging/figures.ts";
import { aims, badReleases, goodReleases } from "../../bench/judging/grids.ts";
import { lateBreakage, otherFaults, quietBakes } from "../../bench/judging/grids.ts";
import type { Scenario } from "../../bench/judging/scenario.ts";
import { runBatch } from "../../bench/judging/simulation.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 120_000 });

const seed = Number(process.env["SEED"] ?? 20_261_121);
console.log(`judging simulation: SEED=${seed}`);

function simulated(scenarios: readonly Scenario[], count: number) {
  return scenarios.map((scenario, place) => {
    return { scenario, ends: runBatch({ scenario, seed, place, from: 0, count }) };
  });
}

test("equal releases are rolled back in less than 1 % of bakes and shifts, in every cell", () => {
  const slowLooks = goodReleases.filter(({ intervalMs }) => intervalMs === 10_000);
  const cells = simulated(slowLooks, 30);
  const ends = cells.flatMap((cell) => cell.ends);
  expect(ends.length).toBeGreaterThan(1_000);
  expect(ends.filter(({ bluegreen }) => bluegreen !== null).length).toBeLessThan(ends.length / 100);
  expect(brokenPromises(cells)).toEqual([]);
});

test("a rise of the error rate is found nearly always, within 1.45 times the aim", () => {
  for (const cell of simulated(badReleases, 60)) {
    const { row } = cell.scenario;
    expect(detectedShare(cell, "bluegreen"), row).toBeGreaterThanOrEqual(0.98);
    const aim = aims[row] ?? 0;
    expect(medianRequests(cell, "bluegreen") / aim, row).toBeLessThan(1.45);
  }
});

test("an outage takes at most 5 requests, a release twice as slow 100 in the middle", () => {
  for (const cell of simulated(otherFaults, 30)) {
    const { row, releaseRate, latency } = cell.scenario;
    if (latency && latency.spread > 0.5) continue;
    const limit = releaseRate === 1 ? 5 : 100;
    expect(medianRequests(cell, "bluegreen"), row).toBeLessThanOrEqual(limit);
  }
});

test("what breaks late is found nearly as fast as what is broken at once", () => {
  const cells = simulated(lateBreakage, 15);
  for (const [index, cell] of cells.entries()) {
    const atOnce = cells[index - (index % 3)];
    const limit = 2 * (atOnce ? medianSeconds(atOnce, "bluegreen") : NaN) + 4;
    expect(medianSeconds(cell, "bluegreen"), cell.scenario.row).toBeLessThanOrEqual(limit);
  }
});

test("a bake that saw too little never passes", () => {
  for (const { ends, scenario } of simulated(quietBakes, 100)) {
    expect(ends.filter(({ verdict }) => verdict === "pass").length, scenario.row).toBe(0);
  }
});
