/** Counts of requests, added up and taken from one another; pure. */

/** Bad ones among all; bad is an error, or for latency a reply slower than a quantile. */
export interface Counts {
  readonly bad: number;
  readonly total: number;
}

export const noCounts: Counts = { bad: 0, total: 0 };

export function plus(one: Counts, other: Counts): Counts {
  return { bad: one.bad + other.bad, total: one.total + other.total };
}

/** What came after `before`, of counts that never fall. */
export function since(before: Counts, now: Counts): Counts {
  return { bad: now.bad - before.bad, total: now.total - before.total };
}

export function sumOf(all: readonly Counts[]): Counts {
  return all.reduce(plus, noCounts);
}
