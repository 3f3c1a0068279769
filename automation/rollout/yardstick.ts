/** What a release is measured by: the former color's own rate, or the error budget; pure. */

import { sumOf } from "./counts.ts";
import type { Counts } from "./counts.ts";
import { dispersion } from "./evidence.ts";
import { betaQuantile } from "./special-functions.ts";

/** What is known before a release is judged. */
export interface Known {
  /** What the former color served of late; null where that isn't known. */
  readonly history: Counts | null;
  /** Share of requests that may fail; 0.001. */
  readonly errorBudget?: number;
  readonly phi?: number;
}

export interface Yardstick {
  readonly source: "history" | "budget";
  /** The release fails above this share of bad requests. */
  readonly p0: number;
  /** A pass may be earned by this share as well; at most p0. */
  readonly passP0: number;
  /** The former color's own share, where it fails so often that going back helps nobody. */
  readonly hopelessShare: number | null;
}

/**
 * The release fails by `nullRate`, but may always pass by the error budget: a former color that
 * fails itself, as a first release can, is no reason to call a good successor inconclusive.
 */
export function yardstick({ history, ...known }: Known): Yardstick {
  const { p0, source } = nullRate({ history, ...known });
  const passP0 = Math.min(p0, nullRate({ history: null, ...known }).p0);
  const share = history && history.total > 0 ? history.bad / history.total : 0;
  return { source, p0, passP0, hopelessShare: share >= p0 ? share : null };
}

/** One-sided upper 97.5 % Clopper-Pearson bound of the bad share; 1 without data. */
export function upperBound({ bad, total }: Counts): number {
  return bad >= total ? 1 : betaQuantile(0.975, bad + 1, total - bad);
}

/**
 * The bad share that a release may have: max(2 pU, pU + 0.005) with pU the upper bound of the
 * former color, or ten times the error budget without history. A history without any bad request
 * never allows more than no history would. At most 0.5, so that an outage can always be seen;
 * at least one in a million.
 */
export function nullRate(known: Known): { p0: number; source: "history" | "budget" } {
  const { history, errorBudget = 0.001, phi = 1 } = known;
  const byBudget = Math.max(minNullRate, Math.min(maxNullRate, 10 * errorBudget));
  if (history === null || history.total <= 0) return { p0: byBudget, source: "budget" };
  const bound = upperBound({ bad: history.bad / phi, total: history.total / phi });
  const byHistory = Math.min(maxNullRate, allowed(bound));
  if (history.bad === 0 && byHistory > byBudget) return { p0: byBudget, source: "budget" };
  return { p0: byHistory, source: "history" };
}

/** The share that a release may have where the former color's is at most `bound`. */
export function allowed(bound: number): number {
  return Math.max(2 * bound, bound + 0.005);
}

/**
 * By how much counts of the former color vary more over short bins than chance explains; where chance
 * may well explain it, 1. Bursts that last longer than a bin show in longer ones, so neighbours are
 * joined again and again, and the most counts. At most 5: a former color that once had an outage must
 * not keep one of the new color from being seen. Bursts that come again, as the bins without the
 * worst time show, may count for more, up to half of the requests in a bin.
 */
export function overdispersion(bins: readonly Counts[]): number {
  const filled = bins.filter(({ total }) => total > 0);
  const usual = withoutWorstTime(filled);
  const { total } = sumOf(usual);
  const again = Math.min(total / Math.max(1, usual.length) / 2, joinedDispersion(usual));
  return Math.min(joinedDispersion(filled), Math.max(maxPhi, again));
}

function joinedDispersion(bins: readonly Counts[]): number {
  let phi = 1;
  for (let joined = bins; joined.length >= minBins; joined = pairs(joined)) {
    const here = dispersion(joined);
    if (here > byChance(joined.length - 1)) phi = Math.max(phi, here);
  }
  return phi;
}

/** Without the bin that has most bad requests, and its neighbours as long as they have too many. */
function withoutWorstTime(bins: readonly Counts[]): readonly Counts[] {
  const { bad, total } = sumOf(bins);
  const isHigh = (bin: Counts | undefined) =>
    bin !== undefined && bin.bad * total > bad * bin.total;
  const most = bins.reduce((worst, bin) => Math.max(worst, bin.bad), 0);
  let first = bins.findIndex((bin) => bin.bad === most);
  if (most === 0) return bins;
  let last = first;
  while (isHigh(bins[first - 1])) first -= 1;
  while (isHigh(bins[last + 1])) last += 1;
  return [...bins.slice(0, first), ...bins.slice(last + 1)];
}

/** Neighbours as one; a last one without a neighbour is left out. */
function pairs(bins: readonly Counts[]): readonly Counts[] {
  return Array.from({ length: Math.floor(bins.length / 2) }, (_, index) =>
    sumOf(bins.slice(2 * index, 2 * index + 2)),
  );
}

/** 99 % quantile of chi-square by its degrees of freedom (Wilson and Hilferty). */
function byChance(freedom: number): number {
  const part = 2 / (9 * freedom);
  return (1 - part + 2.326 * Math.sqrt(part)) ** 3;
}

const minBins = 8;
const maxPhi = 5;
const minNullRate = 1e-6;
const maxNullRate = 0.5;
