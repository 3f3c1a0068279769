/** Whether the color that is left fails on the same paths as the new one: then nobody flaps; pure. */

import { logE } from "./evidence.ts";
import type { Counts } from "./evidence.ts";
import type { Seen } from "./metrics.ts";

/** What ended of late on one path. */
export interface PathOutcome {
  readonly path: string;
  /** Our own requests that the new color answered, or should have. */
  readonly own: Counts;
  /** Those that the preview header sent to the former color. */
  readonly former: Counts;
}

export interface Failing {
  /** Share of the new color's requests that were bad of late. */
  readonly share: number;
  /** Highest share that is expected. */
  readonly p0: number;
  readonly alpha: number;
}

/**
 * Where our own requests show on which paths the new color fails, the former one must fail on each
 * of them; else on any path. It fails where there is evidence of it, by the measure of the new
 * color, and where it fails at least half as often.
 */
export function failsAsWell(outcomes: readonly PathOutcome[], failing: Failing): boolean {
  const { share, p0 } = failing;
  const broken = outcomes.filter(({ own: { bad, total } }) => bad >= 2 && bad > p0 * total);
  const fails = ({ own, former }: PathOutcome): boolean =>
    isFailing(former, { ...failing, share: broken.length > 0 ? own.bad / own.total : share });
  return broken.length > 0 ? broken.every(fails) : outcomes.some(fails);
}

/** Share of the requests of the last ten seconds that were bad, as the router counted them; else 1. */
export function shareOfLate(seen: readonly Seen[]): number {
  const counted = seen.flatMap(({ atMs, traffic }) => (traffic ? [{ atMs, traffic }] : []));
  const last = counted.at(-1);
  if (!last) return 1;
  const before = counted.findLast(({ atMs }) => atMs <= last.atMs - lateMs)?.traffic ?? [0, 0];
  const total = last.traffic[0] - before[0];
  const bad = last.traffic[1] - before[1];
  return total > 0 && bad >= 0 ? Math.min(1, bad / total) : 1;
}

const lateMs = 10_000;
/** Fewer answers say nothing. */
const minAnswers = 3;

function isFailing({ bad, total }: Counts, { share, p0, alpha }: Failing): boolean {
  if (total < minAnswers || bad / total < share / 2) return false;
  return logE({ bad, total, p0 }) >= -Math.log(alpha);
}
