/** Numbers by chance that a seed repeats, and what chance may do to a count. */

/** Uniform numbers in [0, 1) from a seed (splitmix32); each stream has its own. */
export function uniformNumbers(from: {
  readonly seed: number;
  readonly stream: number;
}): () => number {
  let state = (from.seed + from.stream * 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Null stands for what never came. */
export function median(values: readonly (number | null)[]): number {
  const ordered = values.map((value) => value ?? Infinity).toSorted((a, b) => a - b);
  return ordered[Math.floor(ordered.length / 2)] ?? NaN;
}

/** Times that something of this probability may happen in `runs` runs: mean and three sigma. */
export function tolerated(runs: number, probability: number): number {
  return runs * probability + 3 * Math.sqrt(runs * probability * (1 - probability));
}
