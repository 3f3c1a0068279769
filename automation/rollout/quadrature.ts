/** Points and weights by which an integral over (0, 1) becomes a sum; pure. */

export interface Point {
  readonly at: number;
  /** All weights together are 1. */
  readonly weight: number;
}

/** Gauss and Legendre's points: exact for polynomials up to degree 2 count - 1. */
export function gaussPoints(count: number): readonly Point[] {
  return Array.from({ length: count }, (_, index) => {
    let x = Math.cos((Math.PI * (index + 0.75)) / (count + 0.5));
    // Newton's method doubles the right digits each time.
    for (let round = 0; round < 8; round += 1) {
      const { value, slope } = legendre(count, x);
      x -= value / slope;
    }
    const { slope } = legendre(count, x);
    return { at: (1 - x) / 2, weight: 1 / ((1 - x * x) * slope * slope) };
  });
}

/** Legendre's polynomial of a degree at x, inside (-1, 1). */
function legendre(degree: number, x: number): { readonly value: number; readonly slope: number } {
  let [before, value] = [1, x];
  for (let n = 2; n <= degree; n += 1) {
    [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
  }
  return { value, slope: (degree * (x * value - before)) / (x * x - 1) };
}
