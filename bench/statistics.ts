/** What is said of many measured values. Pure. */

export interface Spread {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** @throws RangeError without a value */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("there is no value");
  const sorted = values.toSorted((a, b) => a - b);
  return {
    count: sorted.length,
    min: quantile(sorted, 0),
    median: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  };
}

/** By linear interpolation between the two neighbours. */
function quantile(sorted: readonly number[], q: number): number {
  const place = q * (sorted.length - 1);
  const low = sorted[Math.floor(place)] ?? 0;
  const high = sorted[Math.ceil(place)] ?? low;
  return low + (high - low) * (place - Math.floor(place));
}

/** Each of `a` over its partner in `b`: what both met of the machine's other work cancels out. */
export function pairwiseRatios(a: readonly number[], b: readonly number[]): readonly number[] {
  return a.slice(0, b.length).map((value, index) => value / (b[index] ?? value));
}

/** Highest rate per million that `lost` of `sent` leaves possible at 95 % (Poisson, rule of three at 0). */
export function upperPerMillion(lost: number, sent: number): number {
  const z = 1.645;
  const bound =
    lost === 0 ? 3 : (lost + 1) * (1 - 1 / (9 * (lost + 1)) + z / (3 * Math.sqrt(lost + 1))) ** 3;
  return (bound / sent) * 1e6;
}
