/** Which replies are slow: slower than almost all of the former color's; pure. */

import type { LatencyHistogram } from "../../infra/model.ts";
import type { Counts } from "./counts.ts";
import { allowed, overdispersion, upperBound } from "./yardstick.ts";

/** The settings under `bake.latency`. */
export interface LatencyRules {
  readonly enabled: boolean;
  /** Share of the former color's replies that are faster than a slow one. */
  readonly quantile: number;
  /** Share of slow replies that a pass must have been able to find. */
  readonly detect: number;
  readonly ignoreBelowMs: number;
  /** Time after the switch that isn't judged. */
  readonly afterMs: number;
}

/** What a release's latency is measured by. */
export interface Slowness {
  /** A reply that took longer is slow; one of the histogram's bounds. */
  readonly overMs: number;
  /** The release fails above this share of slow replies. */
  readonly p0: number;
  readonly phi: number;
}

/** Why latency isn't judged, as the end of a sentence. */
export interface Unjudged {
  readonly unjudged: string;
}

/**
 * The former color's quantile, as near as the histogram's bounds come: the first bound that leaves
 * at most one and a half times the share above it. Its own share of slow replies counts as at least
 * `1 - quantile`. With few replies a later bound may be told more surely than the first.
 * @param bins the former color's replies of short stretches of time, for their overdispersion
 */
export function slowness(
  former: LatencyHistogram,
  bins: readonly LatencyHistogram[],
  { quantile, detect, ignoreBelowMs }: Omit<LatencyRules, "enabled" | "afterMs">,
): Slowness | Unjudged {
  const { total } = slowCounts(former, 0);
  if (total === 0) return { unjudged: "no reply of the former color was seen before the switch" };
  const most = total * (1 - quantile) * nearness;
  const bounds = former.boundsMs.filter(
    (bound) => bound >= ignoreBelowMs && slowCounts(former, bound).bad <= most,
  );
  if (bounds.length === 0) return { unjudged: "the former color was slower than is measured" };
  for (const overMs of bounds) {
    const phi = overdispersion(bins.map((bin) => slowCounts(bin, overMs)));
    const { bad } = slowCounts(former, overMs);
    const bound = upperBound({ bad: bad / phi, total: total / phi });
    const p0 = allowed(Math.max(1 - quantile, bound));
    if (p0 <= detect / 2) return { overMs, p0, phi };
  }
  const replies = total === 1 ? "1 reply" : `${total.toLocaleString("en-US")} replies`;
  return { unjudged: `only ${replies} of the former color were seen before the switch` };
}

const nearness = 1.5;

/** Replies that took longer than `overMs`, among all; whole buckets only. */
export function slowCounts({ boundsMs, counts }: LatencyHistogram, overMs: number): Counts {
  let [bad, total] = [0, 0];
  counts.forEach((count, index) => {
    total += count;
    if (index > 0 && (boundsMs[index - 1] ?? Infinity) >= overMs) bad += count;
  });
  return { bad, total };
}

/** What came between two readings; null where the counters were reset. */
export function repliesBetween(
  before: readonly number[],
  after: readonly number[],
): readonly number[] | null {
  const counts = after.map((count, index) => count - (before[index] ?? 0));
  const lost = before.length > after.length || counts.some((count) => count < 0);
  return lost ? null : counts;
}
