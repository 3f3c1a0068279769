/** Gamma, beta and binomial functions in log space, so that deep tails don't round to 0 or 1. */

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/** ln Γ(z) for z > 0. */
export function logGamma(z: number): number {
  return (z - 0.5) * Math.log(z) - z + halfLogTwoPi + stirlingError(z);
}

/** ln B(a, b) for a, b > 0. */
export function logBeta(a: number, b: number): number {
  const sum = a + b;
  const powers = a * Math.log(a / sum) + b * Math.log(b / sum);
  return powers + 0.5 * Math.log(sum / a / b) + halfLogTwoPi + betaError(a, b);
}

/**
 * ln of x^a (1-x)^b / B(a, b). It is formed around the mean of the distribution instead of from
 * three large logarithms, so that nothing is lost by cancellation up to a + b of a billion.
 */
export function logBetaPower(x: number, a: number, b: number): number {
  const sum = a + b;
  const offset = x - a / sum;
  const powers = a * logRatio(x, a / sum, offset) + b * logRatio(1 - x, b / sum, -offset);
  return powers + 0.5 * Math.log((a / sum) * b) - halfLogTwoPi - betaError(a, b);
}

/** Logarithms of both tails of the Beta(a, b) distribution at x: of I_x(a, b) and of the rest. */
export function logBetaTails(x: number, a: number, b: number): { lower: number; upper: number } {
  if (x <= 0) return { lower: -Infinity, upper: 0 };
  if (x >= 1) return { lower: 0, upper: -Infinity };
  const power = logBetaPower(x, a, b);
  if (x < (a + 1) / (a + b + 2)) {
    const lower = Math.min(0, power + Math.log(betaFraction(x, a, b) / a));
    return { lower, upper: logOfRest(lower) };
  }
  const upper = Math.min(0, power + Math.log(betaFraction(1 - x, b, a) / b));
  return { lower: logOfRest(upper), upper };
}

/** ln of B(a, b) (1 - I_x(a, b)) / (x^a (1-x)^b), in which the large terms cancel. */
export function logBetaExcess(x: number, a: number, b: number): number {
  return logBetaTails(x, a, b).upper - logBetaPower(x, a, b);
}

/** I_x(a, b), the probability that a Beta(a, b) variable is at most x. */
export function regularizedBeta(x: number, a: number, b: number): number {
  return Math.exp(logBetaTails(x, a, b).lower);
}

/** Probability that at least `atLeast` of `trials` succeed. */
export function binomialTail(binomial: { trials: number; p: number; atLeast: number }): number {
  const { trials, p, atLeast } = binomial;
  if (atLeast <= 0) return 1;
  return atLeast > trials ? 0 : regularizedBeta(p, atLeast, trials - atLeast + 1);
}

/** The x with I_x(a, b) = probability, by bisection in the smaller tail. */
export function betaQuantile(probability: number, a: number, b: number): number {
  const inUpperHalf = probability > 0.5;
  const target = Math.log(inUpperHalf ? 1 - probability : probability);
  let low = 0;
  let high = 1;
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    const tails = logBetaTails(middle, a, b);
    if (inUpperHalf ? tails.upper > target : tails.lower < target) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** ln of the sum of e^term; -Infinity for no terms. */
export function logSumExp(terms: readonly number[]): number {
  const greatest = terms.reduce((most, term) => Math.max(most, term), -Infinity);
  if (!Number.isFinite(greatest)) return greatest;
  return greatest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - greatest), 0));
}

/** What Stirling's formula leaves out of ln Γ(z): recurrence up to 10, then the series. */
function stirlingError(z: number): number {
  let error = 0;
  let at = z;
  for (; at < 10; at++) error += (at + 0.5) * Math.log1p(1 / at) - 1;
  const inverse = 1 / at;
  const square = inverse * inverse;
  const tail = 1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - square * (691 / 360360)));
  return error + inverse * (1 / 12 - square * (1 / 360 - square * tail));
}

function betaError(a: number, b: number): number {
  return stirlingError(a) + stirlingError(b) - stirlingError(a + b);
}

/** ln(u / v) with the difference u - v, which keeps it exact where u and v are close. */
function logRatio(u: number, v: number, difference: number): number {
  const ratio = u / v;
  return ratio > 0.5 && ratio < 2 ? Math.log1p(difference / v) : Math.log(ratio);
}

/** ln(1 - e^logPart). */
function logOfRest(logPart: number): number {
  return logPart > -Math.LN2 ? Math.log(-Math.expm1(logPart)) : Math.log1p(-Math.exp(logPart));
}

/**
 * Continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method; it settles
 * within some square roots of the larger parameter while x is below the mean.
 */
function betaFraction(x: number, a: number, b: number): number {
  const limit = 100 + 20 * Math.sqrt(Math.max(a, b));
  let numerator = 1;
  let denominator = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let fraction = denominator;
  for (let m = 1; m < limit; m++) {
    const before = fraction;
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    for (const coefficient of [even, odd]) {
      denominator = 1 / awayFromZero(1 + coefficient * denominator);
      numerator = awayFromZero(1 + coefficient / numerator);
      fraction *= numerator * denominator;
    }
    if (Math.abs(fraction - before) <= 1e-16 * fraction) break;
  }
  return fraction;
}

function awayFromZero(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value;
}
