/** Whether the color that is left fails on the same paths as the new one: then nobody flaps; pure. */

import { logE } from "./evidence.ts";
import type { Counts } from "./counts.ts";
import type { Seen } from "./metrics.ts";
import { usersName } from "./metrics-judgement.ts";
import type { BakeJudgement } from "./metrics-judgement.ts";
import { ownName } from "./own-series.ts";

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
  /** True where users alone are over their limit; false: they aren't, or nobody can tell. */
  readonly users: boolean;
}

/**
 * Where our own requests show on which paths the new color fails, the former one must fail on each
 * of them; else on every path. Errors of users may be on other paths than ours, so a path that fails
 * on both explains none of them: where these alone are too many, it must fail on every path, too. It
 * fails where there is evidence of it, by the measure of the new color, and where it fails at least
 * half as often.
 */
export function failsAsWell(outcomes: readonly PathOutcome[], failing: Failing): boolean {
  const { share, p0 } = failing;
  const broken = outcomes.filter(({ own: { bad, total } }) => bad >= 2 && bad > p0 * total);
  const fails = (each: PathOutcome): boolean => {
    const { own, former } = each;
    return isFailing(former, {
      ...failing,
      share: broken.includes(each) ? own.bad / own.total : share,
    });
  };
  const compared = failing.users || broken.length === 0 ? outcomes : broken;
  return compared.length > 0 && compared.every(fails);
}

/**
 * Share of the requests of the last ten seconds that were bad; 1 where none are known.
 * @param of all requests that the router counted, those of users alone, or our own
 */
export function shareOfLate(
  seen: readonly Seen[],
  of: "traffic" | "users" | "own" = "traffic",
): number {
  const counted = seen.flatMap(({ atMs, [of]: traffic }) => (traffic ? [{ atMs, traffic }] : []));
  const last = counted.at(-1);
  if (!last) return 1;
  const before = counted.findLast(({ atMs }) => atMs <= last.atMs - lateMs)?.traffic ?? [0, 0];
  const total = last.traffic[0] - before[0];
  const bad = last.traffic[1] - before[1];
  return total > 0 && bad >= 0 ? Math.min(1, bad / total) : 1;
}

/** The share that decided, of late: of those whose errors did; 1 where it weren't errors. */
export function shareBehind(
  { driver, users }: Pick<BakeJudgement, "driver" | "users">,
  seen: readonly Seen[],
): number {
  if (driver === usersName || users?.over === true) return shareOfLate(seen, "users");
  if (driver === ownName) return shareOfLate(seen, "own");
  return driver === "errors" ? shareOfLate(seen) : 1;
}

/** All that decided it, where errors did: of users alone, of our own requests, or of all together. */
export function countsBehind(
  judgement: BakeJudgement,
): Pick<BakeJudgement, "requests" | "errors"> | null {
  const { driver, users, own } = judgement;
  if (driver !== "errors" && driver !== usersName && driver !== ownName) return null;
  if (users?.over === true) return users;
  return driver === ownName ? own : judgement;
}

const lateMs = 10_000;
/** Fewer answers say nothing. */
const minAnswers = 3;

function isFailing({ bad, total }: Counts, { share, p0, alpha }: Failing): boolean {
  if (total < minAnswers || bad / total < share / 2) return false;
  return logE({ bad, total, p0 }) >= -Math.log(alpha);
}
