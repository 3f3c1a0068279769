/** What users alone were answered: what the router counted, less our own requests; pure. */

import { noCounts } from "./counts.ts";
import type { Counts } from "./counts.ts";

/** As seen at one look. */
export interface UsersSeen {
  /** What the router has counted. */
  readonly counted: Counts;
  /** Our own that have ended. */
  readonly own: Counts;
}

/** Counts of users since the first look; they never fall. */
export interface UsersSoFar extends UsersSeen {
  readonly users: Counts;
  /** Our own that have ended and that the router, which may be late, is still to count. */
  readonly owed: Counts;
}

/**
 * What the router counts more than at the look before, without our own that have ended since. Those
 * that it counts late are taken off later: an error of our own must never be one of users.
 */
export function usersAlone(before: UsersSoFar | null, now: UsersSeen): UsersSoFar {
  if (before === null) return { ...now, users: noCounts, owed: noCounts };
  const reset = now.counted.total < before.counted.total || now.counted.bad < before.counted.bad;
  const last = reset ? noCounts : before.counted;
  const more = (key: keyof Counts): number =>
    now.counted[key] - last[key] - (now.own[key] - before.own[key]) - before.owed[key];
  const [total, bad] = [more("total"), more("bad")];
  const all = before.users.total + Math.max(0, total);
  const users = { total: all, bad: Math.min(all, before.users.bad + Math.max(0, bad)) };
  return { ...now, users, owed: { total: Math.max(0, -total), bad: Math.max(0, -bad) } };
}
