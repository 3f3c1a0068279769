/** Which services and releases are simulated, part by part. */

import { scenario, usualOwn } from "./scenario.ts";
import type { Bursts, Latency, Scenario } from "./scenario.ts";

const rates = [0.001, 0.005, 0.01, 0.02, 0.05];
const speeds = [2, 20, 200];
const intervals = [1_000, 2_000, 10_000];

/** Of the errors, half come in bursts that have a tenth of the time. */
const shortBursts: Bursts = { times: 5, seconds: 1, share: 0.1 };
const longBursts: Bursts = { times: 5, seconds: 3, share: 0.1 };

const steady: Latency = { medianMs: 40, spread: 0.2, factor: 1 };
const varied: Latency = { medianMs: 40, spread: 0.5, factor: 1 };
const wild: Latency = { medianMs: 300, spread: 1, factor: 1 };

/** Every speed with every interval. */
function crossed(make: (perSecond: number, intervalMs: number) => Scenario): readonly Scenario[] {
  return speeds.flatMap((perSecond) => intervals.map((each) => make(perSecond, each)));
}

function column(perSecond: number, intervalMs: number): string {
  return `${perSecond}/s, every ${intervalMs / 1_000} s`;
}

function percent(rate: number): string {
  return `${Number((100 * rate).toPrecision(2))} %`;
}

function equalOnes(name: string, more: Partial<Scenario>, some = rates): readonly Scenario[] {
  return some.flatMap((rate) =>
    crossed((perSecond, intervalMs) => {
      const row = `${percent(rate)}${name}`;
      const place = { row, column: column(perSecond, intervalMs) };
      const own = { ownPerSecond: usualOwn };
      return scenario({ ...place, rate, perSecond, intervalMs, ...own, ...more });
    }),
  );
}

/** Releases as good as the former color, watched for two minutes; at the limit for five. */
export const goodReleases: readonly Scenario[] = [
  ...equalOnes("", { seconds: 120 }),
  ...equalOnes(", bursts of 1 s", { bursts: shortBursts, seconds: 120 }),
  ...equalOnes(", first release (at its limit)", { historySeconds: 0 }, [0.01]),
  ...[steady, varied, wild].flatMap((latency) =>
    [2, 20].map((perSecond) => {
      const row = "latency also judged, 0.1 %";
      const place = `${perSecond}/s, spread ${latency.spread}`;
      const seconds = 120;
      const given = { rate: 0.001, perSecond, latency, seconds, ownPerSecond: usualOwn };
      return scenario({ row, column: place, ...given });
    }),
  ),
  ...[0.5, 1].flatMap((rate) =>
    speeds.flatMap((perSecond) =>
      [2_000, 10_000].map((intervalMs) =>
        scenario({
          row: `shift 10, 50 %; an outage fails ${percent(rate)} of both`,
          column: column(perSecond, intervalMs),
          ...{ rate: 0.002, perSecond, intervalMs, seconds: 90, weights: [10, 50] },
          outage: { fromSecond: 20, forSeconds: 30, rate },
        }),
      ),
    ),
  ),
];

/** Longer bursts than a short history can tell of, and hardly any history at all. */
export const hardOnes: readonly Scenario[] = [
  ...[120, 600].flatMap((historySeconds) =>
    [0.001, 0.01, 0.05].flatMap((rate) =>
      [20, 200].map((perSecond) => {
        const row = `${percent(rate)}, bursts of 3 s, ${historySeconds / 60} min of history`;
        const place = { row, column: `${perSecond}/s` };
        return scenario({
          ...place,
          rate,
          perSecond,
          bursts: longBursts,
          historySeconds,
          seconds: 120,
        });
      }),
    ),
  ),
  ...rates.map((rate) => {
    const row = `${percent(rate)} at 2/s, 10 s of history`;
    return scenario({ row, column: "2/s", rate, perSecond: 2, historySeconds: 10 });
  }),
];

export const rises = [
  { rate: 0.001, releaseRate: 0.03, aim: 280 },
  { rate: 0.001, releaseRate: 0.1, aim: 40 },
  { rate: 0.01, releaseRate: 0.05, aim: 420 },
  { rate: 0.01, releaseRate: 0.1, aim: 100 },
] as const;

function rise({ rate, releaseRate }: (typeof rises)[number]): string {
  return `${percent(rate)} -> ${percent(releaseRate)}`;
}

export const aims: Readonly<Record<string, number>> = Object.fromEntries(
  rises.map((each) => [rise(each), each.aim]),
);

/** Looked at every ten requests, where ten minutes of a busy service are known. */
export const badReleases: readonly Scenario[] = rises.map((each) =>
  scenario({
    ...{ row: rise(each), column: "", ...each },
    ...{ perSecond: 200, intervalMs: 50, historySeconds: 600, seconds: 60 },
    ownPerSecond: usualOwn,
  }),
);

/** As the driver looks by default, at services of three sizes. */
export const usualLooks: readonly Scenario[] = speeds.flatMap((perSecond) =>
  rises.map((each) =>
    scenario({
      ...{ row: `${rise(each)}, ${perSecond}/s`, column: "", ...each },
      ...{ perSecond, historySeconds: 600, seconds: 600 },
    }),
  ),
);

const outages: readonly Scenario[] = [
  ...[0.001, 0.01, 0.05].map((rate) =>
    scenario({
      ...{ row: `${percent(rate)} -> 100 %`, column: "", rate, releaseRate: 1 },
      ...{ perSecond: 2, arrivals: "steady", intervalMs: 500, seconds: 60 },
    }),
  ),
  scenario({
    ...{ row: "100 % of a first release", column: "", rate: 0, releaseRate: 1, historySeconds: 0 },
    ...{ perSecond: 2, arrivals: "steady", intervalMs: 500, seconds: 60 },
  }),
];

const slowOnes: readonly Scenario[] = [steady, varied, wild].map((latency) =>
  scenario({
    ...{ row: `latency x 2, spread ${latency.spread}`, column: "", rate: 0.001 },
    ...{ latency: { ...latency, factor: 2 }, intervalMs: 500, breaksAtSecond: 5 },
  }),
);

/** Outages at once, and releases twice as slow. */
export const otherFaults: readonly Scenario[] = [...outages, ...slowOnes];

/** Breakage that starts late in the bake. */
export const lateBreakage: readonly Scenario[] = [0.03, 0.1, 1].flatMap((releaseRate) =>
  [0, 60, 300].map((breaksAtSecond) =>
    scenario({
      row: `0.1 % -> ${percent(releaseRate)}, after ${breaksAtSecond} s`,
      column: "",
      ...{ rate: 0.001, releaseRate, breaksAtSecond, historySeconds: 600, seconds: 600 },
    }),
  ),
);

/** Bakes that can't see enough. */
export const quietBakes: readonly Scenario[] = [0.001, 0.1].flatMap((releaseRate) =>
  [0, 0.5, 2].map((perSecond) =>
    scenario({
      row: `30 s at ${perSecond}/s, release fails ${percent(releaseRate)}`,
      column: "",
      ...{ rate: 0.001, releaseRate, perSecond, seconds: 30, historySeconds: 120 },
    }),
  ),
);
