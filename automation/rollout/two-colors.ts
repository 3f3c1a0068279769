/** Evidence from two colors that serve at once, over windows that begin anew; pure. */

import { logE, logMixed, logWeighted, startsOf, twoSample } from "./evidence.ts";
import { noCounts, plus, since } from "./counts.ts";
import type { Counts } from "./counts.ts";
import { gaussPoints } from "./quadrature.ts";
import { logSumExp } from "./special-functions.ts";
import { allowed, upperBound } from "./yardstick.ts";

/** What both colors served in one stretch of time. */
export interface Both {
  readonly newColor: Counts;
  readonly formerColor: Counts;
}

/** Counts since the weights are as they are, as read at one moment; they never fall. */
export interface BothSeen extends Both {
  readonly atMs: number;
}

/** The logarithm of a mixture of e-values, and the window with most of it. */
export interface Mixture {
  readonly logEvidence: number;
  readonly strongest: Both;
  /** False where that is the whole step. */
  readonly late: boolean;
}

export interface Compared {
  /** A release may have so many times the former color's share of bad ones. */
  readonly ratio: number;
  /** Overdispersion that counts are divided by. */
  readonly phi: number;
}

/**
 * Whether the new color has more of the bad ones than `ratio` times its share of all requests that
 * were really seen. That share may change within a step, as clients that stay with a color do; so
 * each short block counts by its own. Something that both colors depend on is no evidence.
 */
export function mixedComparison(seen: readonly BothSeen[], { ratio, phi }: Compared): Mixture {
  return mixture(seen, (blocks) => {
    const sums = excessSums(blocks, { ratio, phi });
    return (from) => {
      const [only, more] = blocks.slice(from, from + 2);
      if (only === undefined) return 0;
      if (more === undefined) return twoSample({ ...temperedBoth(only, phi), ratio });
      return logSumExp(sums[from] ?? []);
    };
  });
}

/**
 * Whether the new color has more bad ones than `p0`. In a window in which the former color has more
 * than that, too, each block counts by what the former color's rate in it allows: while both fail, it
 * says nothing. A window is asked as a whole: the blocks in which few requests happened to have no
 * error, picked one by one, would make the former color look better than it is.
 */
export function mixedAbsolute(
  seen: readonly BothSeen[],
  { p0, phi }: { readonly p0: number; readonly phi: number },
): Mixture {
  const inBlock = (both: Both): number => logAbsolute(both, { p0, phi });
  return mixture(seen, (blocks) => {
    const all: Both[] = [];
    const each: number[] = [];
    for (const [index, block] of [...blocks.entries()].toReversed()) {
      all[index] = bothPlus(all[index + 1] ?? none, block);
      each[index] = (each[index + 1] ?? 0) + inBlock(block);
    }
    return (from) => {
      const window = all[from] ?? none;
      const { bad, total } = window.formerColor;
      return bad <= p0 * total ? inBlock(window) : (each[from] ?? 0);
    };
  });
}

function logAbsolute(
  { newColor, formerColor }: Both,
  { p0, phi }: { readonly p0: number; readonly phi: number },
): number {
  // Below p0 there is none, whatever the former color does.
  if (newColor.bad <= p0 * newColor.total) return logE({ ...tempered(newColor, phi), p0 });
  const expected = Math.max(p0, allowed(upperBound(tempered(formerColor, phi))));
  return expected >= 1 ? 0 : logE({ ...tempered(newColor, phi), p0: expected });
}

/**
 * With theta0 the share of the bad ones that a block's share of the requests explains, and u how much
 * of the rest is the new color's own, the likelihood ratio of x of n bad ones is
 * (1 - u)^(n - x) (1 + u (1/theta0 - 1))^x. One u holds for all blocks, so their product is averaged
 * over it, flat: for one block that is `twoSample`.
 */
const points = gaussPoints(64);

/** For each block and those after it, logarithms whose sum of powers is the average. */
function excessSums(blocks: readonly Both[], { ratio, phi }: Compared): readonly number[][] {
  const sums: number[][] = [];
  let after = points.map(({ weight }) => Math.log(weight));
  for (const [index, { newColor, formerColor }] of [...blocks.entries()].toReversed()) {
    // Where a color had no request, nothing can be compared.
    if (newColor.total > 0 && formerColor.total > 0) {
      const slope = formerColor.total / (newColor.total * ratio);
      after = after.map((sum, point) => {
        const at = points[point]?.at ?? 0;
        const [mine, others] = [newColor.bad / phi, formerColor.bad / phi];
        return sum + others * Math.log1p(-at) + mine * Math.log1p(at * slope);
      });
    }
    sums[index] = after;
  }
  return sums;
}

/** A new window every 30 s, so that a long good past hides no late breakage. */
const restartMs = 30_000;
/** Blocks are short enough for the shares to stay, and have enough requests to have shares. */
const blockMs = 10_000;
const blockRequests = 50;
const none: Both = { newColor: noCounts, formerColor: noCounts };

/** @param valuesOf logarithm of the evidence in the blocks from one on */
function mixture(
  seen: readonly BothSeen[],
  valuesOf: (blocks: readonly Both[]) => (from: number) => number,
): Mixture {
  const ends = blockEnds(seen);
  const now = ends.at(-1) ?? none;
  const blocks = ends.map((end, index) => between(ends[index - 1] ?? none, end));
  const logValue = valuesOf(blocks);
  const weighted = startsOf(ends, restartMs).map((start, index) => {
    const window = between(start === null ? none : (ends[start] ?? none), now);
    const from = start === null ? 0 : start + 1;
    return { window, log: logWeighted(logValue(from), index), late: index > 0 };
  });
  const [best] = weighted.toSorted((a, b) => b.log - a.log);
  return {
    logEvidence: logMixed(weighted.map(({ log }) => log)),
    strongest: best?.window ?? now,
    late: best?.late ?? false,
  };
}

/** The first reading, the last one, and each in between that ends a block. */
function blockEnds(seen: readonly BothSeen[]): readonly BothSeen[] {
  const ends: BothSeen[] = [];
  for (const [index, each] of seen.entries()) {
    const last = ends.at(-1);
    const full = last === undefined || isBlock(last, each) || index === seen.length - 1;
    if (full) ends.push(each);
  }
  return ends;
}

function isBlock(before: BothSeen, after: BothSeen): boolean {
  const { newColor, formerColor } = between(before, after);
  return after.atMs - before.atMs >= blockMs && newColor.total + formerColor.total >= blockRequests;
}

function bothPlus(a: Both, b: Both): Both {
  return {
    newColor: plus(a.newColor, b.newColor),
    formerColor: plus(a.formerColor, b.formerColor),
  };
}

function temperedBoth({ newColor, formerColor }: Both, phi: number): Both {
  return { newColor: tempered(newColor, phi), formerColor: tempered(formerColor, phi) };
}

function between(before: Both, after: Both): Both {
  return {
    newColor: grown(before.newColor, after.newColor),
    formerColor: grown(before.formerColor, after.formerColor),
  };
}

function grown(before: Counts, after: Counts): Counts {
  const { bad, total } = since(before, after);
  return { total, bad: Math.max(0, Math.min(total, bad)) };
}

function tempered({ bad, total }: Counts, phi: number): Counts {
  return { bad: bad / phi, total: total / phi };
}
