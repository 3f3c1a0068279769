/** What a bake judges by, as data: the readings, and the rules and history they are judged with. */

import type { Color } from "../../infra/model.ts";
import type { Sample } from "./evidence.ts";
import type { LatencyRules } from "./latency.ts";

/** What a metric's source said once. */
export type MetricReading =
  /** Counts that only grow, since any moment. `assumed`: nothing was found of bad ones, taken for 0. */
  | { readonly bad: number; readonly total: number; readonly assumed?: true }
  | { readonly value: number }
  /** The source couldn't be asked, or its answer is none. */
  | { readonly error: string };

/** How one metric is judged; the settings without what the source needs. */
export interface MetricRule {
  readonly name: string;
  readonly reads: "counts" | "value";
  /** Errors of the source are borne for so long. */
  readonly tolerateMs: number;
  /** Share of bad ones that is normal without history; null: the bake's. */
  readonly budget: number | null;
  /** Share of bad ones that a pass must have been able to find; null: the bake's. */
  readonly detect: number | null;
  readonly upper: number | null;
  readonly lower: number | null;
  /** Limit as a share of the former color's value before the switch. */
  readonly ofFormer: number | null;
  readonly better: "lower" | "higher";
  /** Readings in a row beyond a limit that are a fail. */
  readonly consecutive: number;
  /** Time after the switch in which a value says nothing yet. */
  readonly afterMs: number;
}

/** Only the rule: the grounds of a bake are written down, and a source may hold secrets. */
export function metricRule(metric: MetricRule): MetricRule {
  const { name, reads, tolerateMs, budget, detect, upper, lower } = metric;
  const { ofFormer, better, consecutive, afterMs } = metric;
  return {
    ...{ name, reads, tolerateMs, budget, detect, upper, lower },
    ...{ ofFormer, better, consecutive, afterMs },
  };
}

/** By so much a step may last longer at most, as one of them can't be read; 0: there are none. */
export function longestTolerateMs(metrics: readonly Pick<MetricRule, "tolerateMs">[]): number {
  return Math.max(0, ...metrics.map(({ tolerateMs }) => tolerateMs));
}

/** The settings under `bake` that a judgement depends on. */
export interface BakeRules {
  readonly alpha: number;
  readonly detect: number;
  readonly errorBudget: number;
  readonly durationMs: number;
  readonly latency: LatencyRules;
}

/** Only what the judgement depends on. */
export function bakeRules({
  alpha,
  detect,
  errorBudget,
  durationMs,
  latency,
}: BakeRules): BakeRules {
  return { alpha, detect, errorBudget, durationMs, latency };
}

/** What was read at one moment, in milliseconds since the switch; negative before it. */
export interface Seen {
  readonly atMs: number;
  /** Requests and errors so far; null where the router couldn't say, absent: wasn't asked. */
  readonly traffic?: readonly [requests: number, errors: number] | null;
  /** Of these, those of users since the first look; absent: no requests of our own are sent. */
  readonly users?: readonly [requests: number, errors: number];
  /** Our own requests that ended so far, whatever the router made of them; absent: none, or they can't be told apart. */
  readonly own?: readonly [requests: number, bad: number];
  /** Replies so far per bucket of latency, without the empty ones at the end. */
  readonly latency?: readonly number[];
  readonly metrics?: Readonly<Record<string, MetricReading>>;
}

/** All that a bake is judged by besides its readings. */
export interface Grounds {
  readonly color: Color;
  readonly bake: BakeRules;
  readonly metrics: readonly MetricRule[];
  /** Bounds of the buckets of latency; null where it isn't measured. */
  readonly boundsMs: readonly number[] | null;
  /** The former color before the switch, in order of time. */
  readonly former: readonly Seen[];
}

/** Readings of one metric in order of time. */
export function readingsOf(
  seen: readonly Seen[],
  name: string,
): readonly { readonly atMs: number; readonly reading: MetricReading }[] {
  return seen.flatMap(({ atMs, metrics = {} }) => {
    const reading = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
    return reading === undefined ? [] : [{ atMs, reading }];
  });
}

/**
 * Counts since the first reading.
 * @param onFall a counter that fell was reset, so it counts from zero; the sum of several of them
 * goes on from where it is, as nobody can tell which of them it was
 */
export function sinceFirst(
  samples: readonly Sample[],
  onFall: "from zero" | "go on",
): readonly Sample[] {
  let [requests, errors] = [0, 0];
  return samples.map((sample, index) => {
    const before = samples[index - 1] ?? sample;
    const fell = sample.requests < before.requests || sample.errors < before.errors;
    if (!fell) {
      requests += sample.requests - before.requests;
      errors += sample.errors - before.errors;
    } else if (onFall === "from zero") {
      requests += sample.requests;
      errors += sample.errors;
    }
    return { atMs: sample.atMs, requests, errors };
  });
}

/** What each reading shows more than the one before. */
export function binsOf(samples: readonly Sample[]): readonly { bad: number; total: number }[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index] ?? sample;
    const total = sample.requests - before.requests;
    return { total, bad: Math.min(total, sample.errors - before.errors) };
  });
}
