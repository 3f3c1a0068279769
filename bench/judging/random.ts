/** Numbers by chance that a seed repeats: uniform, exponential, counts of rare things. */

export interface Chance {
  /** In [0, 1). */
  uniform(): number;
  /** With this mean. */
  exponential(mean: number): number;
  /** How many come in a stretch in which `mean` are expected. */
  poisson(mean: number): number;
  /** How many of `trials` happen that have this probability. */
  binomial(trials: number, probability: number): number;
}

/** The same numbers for the same words, others for all others: streams never overlap in practice. */
export function chanceOf(seed: number, ...words: readonly number[]): Chance {
  const uniform = smallFastCounter([seed, ...words].reduce(mixed, 0x243f6a88));
  const exponential = (mean: number): number => -mean * Math.log(1 - uniform());
  return {
    uniform,
    exponential,
    poisson: (mean) => poisson(mean, uniform),
    binomial: (trials, probability) => binomial(trials, probability, uniform),
  };
}

function mixed(hash: number, word: number): number {
  let next = Math.imul(hash ^ word, 0x85ebca6b) + 0x9e3779b9;
  next = Math.imul(next ^ (next >>> 15), 0xc2b2ae35);
  return (next ^ (next >>> 13)) >>> 0;
}

/** Chris Doty-Humphrey's sfc32, with 128 bits of state, begun by a hash. */
function smallFastCounter(hash: number): () => number {
  let [a, b, c] = [hash, mixed(hash, 1), mixed(hash, 2)];
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let each = 0; each < 12; each += 1) next();
  return next;
}

/** By gaps between arrivals; large means in parts, so that nothing underflows. */
function poisson(mean: number, uniform: () => number): number {
  const most = 500;
  if (mean > most) return poisson(most, uniform) + poisson(mean - most, uniform);
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = uniform(); product > limit; product *= uniform()) count += 1;
  return count;
}

/** By gaps between what happens, so rare things cost little. */
function binomial(trials: number, probability: number, uniform: () => number): number {
  if (probability <= 0) return 0;
  if (probability > 0.5) return trials - binomial(trials, 1 - probability, uniform);
  const logMiss = Math.log1p(-probability);
  let count = 0;
  let at = 0;
  for (;;) {
    at += 1 + Math.floor(Math.log(1 - uniform()) / logMiss);
    if (at > trials) return count;
    count += 1;
  }
}
