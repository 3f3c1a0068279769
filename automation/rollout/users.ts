/** What users alone were answered: what the router counted, less our own requests; pure. */

import { noCounts, plus, since } from "./counts.ts";
import type { Counts } from "./counts.ts";
import type { Routed } from "./own-requests.ts";

/** As seen at one look. */
export interface UsersSeen {
  /** What the router has counted. */
  readonly counted: Counts;
  /** Our own that have ended. */
  readonly own: Routed;
}

/** Counts of users since the first look; they never fall. */
export interface UsersSoFar extends UsersSeen {
  readonly users: Counts;
  /** Our own that were surely counted, or will be by a router that is late. */
  readonly owed: Counts;
  /** Those that no router need count, by the look at which they had ended: the last one, the one before. */
  readonly doubtful: readonly [last: Counts, before: Counts];
  /** Of such ones, what this router was found not to count. */
  readonly uncounted: Readonly<Record<keyof Counts, boolean>>;
}

const begun: Omit<UsersSoFar, keyof UsersSeen> = {
  ...{ users: noCounts, owed: noCounts },
  doubtful: [noCounts, noCounts],
  uncounted: { bad: false, total: false },
};

/**
 * What the router counts more than at the look before, without our own that have ended since. Those
 * that it counts late are taken off later: an error of our own must never be one of users. What it
 * may not count at all, as nobody answered, is taken off for two more looks; where it still isn't
 * there, this router doesn't count it, and it takes nothing off any more.
 */
export function usersAlone(before: UsersSoFar | null, now: UsersSeen): UsersSoFar {
  if (before === null) return { ...now, ...begun };
  const reset = now.counted.total < before.counted.total || now.counted.bad < before.counted.bad;
  // What a router hadn't counted when it began anew, it never will.
  const { owed, doubtful } = reset ? begun : before;
  const more = since(reset ? noCounts : before.counted, now.counted);
  const sure = since(before.own.sure, now.own.sure);
  const unsure = since(before.own.unsure, now.own.unsure);
  const of = (key: keyof Counts) => {
    const rest = more[key] - sure[key] - owed[key];
    const waits = [doubtful[1][key], doubtful[0][key], unsure[key]];
    const uncounted = before.uncounted[key];
    return { owed: Math.max(0, -rest), uncounted, ...taken(rest, uncounted ? [0, 0, 0] : waits) };
  };
  const [bad, total] = [of("bad"), of("total")];
  const pair = (get: (each: ReturnType<typeof of>) => number): Counts => {
    return { bad: get(bad), total: get(total) };
  };
  const users = plus(
    before.users,
    pair(({ rest }) => rest),
  );
  return {
    ...now,
    users: { ...users, bad: Math.min(users.total, users.bad) },
    owed: pair((each) => each.owed),
    doubtful: [pair(({ left: [, , last] }) => last), pair(({ left: [, earlier] }) => earlier)],
    uncounted: {
      bad: bad.uncounted || bad.left[0] > 0,
      total: total.uncounted || total.left[0] > 0,
    },
  };
}

interface Taken {
  readonly rest: number;
  /** What wasn't there to be taken off, oldest first. */
  readonly left: readonly [number, number, number];
}

/** The oldest first. */
function taken(available: number, [oldest = 0, older = 0, last = 0]: readonly number[]): Taken {
  let rest = Math.max(0, available);
  const leftOf = (wanted: number): number => {
    const some = Math.min(rest, wanted);
    rest -= some;
    return wanted - some;
  };
  const left = [leftOf(oldest), leftOf(older), leftOf(last)] as const;
  return { rest, left };
}
