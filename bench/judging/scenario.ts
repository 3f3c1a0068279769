/** What is simulated, as data: a service, its release, and how the driver looks at it. */

/** Errors that come together: times with many of them, and few in between. */
export interface Bursts {
  /** Error rate within a burst, in times of the rate in the mean. */
  readonly times: number;
  /** Mean length of a burst. */
  readonly seconds: number;
  /** Share of all time that is in a burst; `times * share` is below 1. */
  readonly share: number;
}

/** Lognormal latencies. */
export interface Latency {
  readonly medianMs: number;
  /** Standard deviation of the logarithm; 0.2 is steady, 1 is wild. */
  readonly spread: number;
  /** The release is so many times as slow. */
  readonly factor: number;
}

/** What happens to both colors at once. */
export interface Outage {
  readonly fromSecond: number;
  readonly forSeconds: number;
  readonly rate: number;
}

export interface Scenario {
  /** Row and column of the table that it counts for. */
  readonly row: string;
  readonly column: string;
  readonly perSecond: number;
  /** Requests at equal distances, or by chance as independent clients send them. */
  readonly arrivals: "steady" | "random";
  /** Share of the former color's requests that fail. */
  readonly rate: number;
  /** Share of the release's from `breaksAtSecond` on; before it the former color's. */
  readonly releaseRate: number;
  readonly breaksAtSecond: number;
  readonly bursts: Bursts | null;
  readonly latency: Latency | null;
  /** The driver saw the former color for so long; 0: a first release. */
  readonly historySeconds: number;
  readonly intervalMs: number;
  readonly seconds: number;
  /** Weights of the steps in which both serve; empty: a bake, in which the release has it all. */
  readonly weights: readonly number[];
  readonly outage: Outage | null;
  /** Requests of our own, which rest while users suffice, as the driver sends them in a bake; 0: none. */
  readonly ownPerSecond: number;
}

/** One judge's end of one run. */
export interface End {
  readonly atMs: number;
  /** The release's requests from the moment it broke until it was found. */
  readonly requests: number;
}

export const judges = ["bluegreen", "fixed", "argo"] as const;
export type JudgeName = (typeof judges)[number];

/** Null: no rollback. */
export interface RunEnd extends Readonly<Record<JudgeName, End | null>> {
  readonly verdict: "pass" | "inconclusive" | "fail";
}

const usual = {
  perSecond: 20,
  arrivals: "random",
  breaksAtSecond: 0,
  bursts: null,
  latency: null,
  historySeconds: 120,
  intervalMs: 2_000,
  seconds: 300,
  weights: [],
  outage: null,
  ownPerSecond: 0,
} as const;

/** As many as the driver sends by default. */
export const usualOwn = 20;

type Wanted = Pick<Scenario, "row" | "column" | "rate"> & Partial<Scenario>;

/** A release as good as the former color, unless something else is said. */
export function scenario(wanted: Wanted): Scenario {
  return { ...usual, releaseRate: wanted.rate, ...wanted };
}
