/** Our own requests to the color that has all traffic, judged by how they really ended; pure. */

import type { MetricVerdict, Series } from "./metrics-joint.ts";
import type { Seen } from "./metrics.ts";
import { binomialTail } from "./special-functions.ts";
import type { Yardstick } from "./yardstick.ts";

export interface OwnJudged {
  readonly requests: number;
  readonly errors: number;
  /** True where a larger share of them failed than may. */
  readonly isHigh: boolean;
  /** True where that is more than chance explains, so that the release can't pass. */
  readonly over: boolean;
}

/** Never the name of a metric, which has no blanks. */
export const ownName = "own requests";

/**
 * Small, as a router that counts all of them knows the same: errors and users keep 0.98 of the average
 * and need 0.4 % more evidence. By our own alone it takes fifty times as much, which at 1 % is one
 * failure more of a release that answers none of them.
 */
const weight = 0.02;

/**
 * By the share that errors may have. Of our own requests alone there is no history, as other paths
 * are asked than before; where these fail more often than users' requests on any release, they do
 * so on the former color as well, and whoever asks that before traffic moves will hear of it.
 */
export function ownSeries(
  seen: readonly Seen[],
  { p0, phi }: Pick<Yardstick, "p0"> & { readonly phi: number },
  detect: number,
): readonly Series[] {
  const samples = seen.flatMap(({ atMs, own }) =>
    own === undefined ? [] : [{ atMs, requests: own[0], errors: own[1] }],
  );
  if (samples.length === 0) return [];
  const words = { title: ownName, noun: "failures" };
  return [{ name: ownName, ...words, samples, p0, phi, detect, weight }];
}

/** What a release at its limit has by chance in fewer bakes than this doesn't pass. */
const byChance = 0.01;

export function ownJudged(series: readonly Series[]): OwnJudged | null {
  const own = series.find(({ name }) => name === ownName);
  if (!own) return null;
  const { requests = 0, errors = 0 } = own.samples.at(-1) ?? {};
  const { p0, phi = 1 } = own;
  const tail = binomialTail({ trials: requests / phi, p: p0, atLeast: errors / phi });
  const isHigh = errors > p0 * requests;
  return { requests, errors, isHigh, over: isHigh && tail < byChance };
}

/** Our own need not be many for a pass; but where they fail, there is none. */
export function withOwn(verdict: MetricVerdict, own: OwnJudged | null): readonly MetricVerdict[] {
  if (verdict.name !== ownName || verdict.verdict === "fail") return [verdict];
  if (own?.over !== true) return [];
  const [errors, requests] = [own.errors, own.requests].map((each) => each.toLocaleString("en-US"));
  const sentence = `${ownName}: ${errors} failures in ${requests} are too many for a pass`;
  return [{ ...verdict, verdict: "inconclusive", sentence }];
}
