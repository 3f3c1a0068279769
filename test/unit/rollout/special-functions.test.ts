/** The special functions against SciPy's numbers, and at the edges that SciPy can't show. */
import { expect, test } from "vitest";
import {
  betaQuantile,
  binomialTail,
  logBeta,
  logBetaTails,
  logGamma,
  logSumExp,
  regularizedBeta,
} from "../../../automation/rollout/special-functions.ts";
import golden from "./golden.json" with { type: "json" };

/** Equal to `digits` relative digits, or absolute ones below 1. */
function near(actual: number, expected: number, digits: number): void {
  const allowed = 10 ** -digits * Math.max(1, Math.abs(expected));
  expect(Math.abs(actual - expected), `${actual} instead of ${expected}`).toBeLessThan(allowed);
}

test("logGamma agrees with SciPy", () => {
  expect(golden.logGamma.length).toBeGreaterThan(5);
  for (const [z = NaN, expected = NaN] of golden.logGamma) near(logGamma(z), expected, 14);
});

test("logBeta agrees with SciPy", () => {
  expect(golden.logBeta.length).toBeGreaterThan(5);
  for (const [a = NaN, b = NaN, expected = NaN] of golden.logBeta) {
    near(logBeta(a, b), expected, 13);
  }
});

test("both tails of the beta distribution agree with SciPy, also with a billion requests", () => {
  expect(golden.tails.length).toBeGreaterThan(5);
  for (const [x = NaN, a = NaN, b = NaN, lower = NaN, upper = NaN] of golden.tails) {
    const tails = logBetaTails(x, a, b);
    near(tails.lower, Math.log(lower), 10);
    near(tails.upper, Math.log(upper), 10);
  }
});

test("a tail far below the smallest double keeps its logarithm", () => {
  expect(logBetaTails(0.5, 4000, 1).lower).toBeCloseTo(4000 * Math.log(0.5), 9);
  expect(logBetaTails(0.5, 1, 4000).upper).toBeCloseTo(4000 * Math.log(0.5), 9);
});

test("the beta distribution has all its mass between 0 and 1", () => {
  expect(regularizedBeta(0, 2, 3)).toBe(0);
  expect(regularizedBeta(1, 2, 3)).toBe(1);
  expect(logBetaTails(1, 2, 3).upper).toBe(-Infinity);
});

test("the binomial tail agrees with SciPy", () => {
  expect(golden.binomialTail.length).toBeGreaterThan(3);
  for (const [trials = NaN, p = NaN, atLeast = NaN, expected = NaN] of golden.binomialTail) {
    near(binomialTail({ trials, p, atLeast }) / expected, 1, 10);
  }
});

test("at least none is certain, more than all impossible", () => {
  expect(binomialTail({ trials: 5, p: 0.2, atLeast: 0 })).toBe(1);
  expect(binomialTail({ trials: 5, p: 0.2, atLeast: 6 })).toBe(0);
});

test("the beta quantile agrees with SciPy", () => {
  expect(golden.betaQuantile.length).toBeGreaterThan(5);
  for (const [q = NaN, a = NaN, b = NaN, expected = NaN] of golden.betaQuantile) {
    near(betaQuantile(q, a, b) / expected, 1, 10);
  }
});

test("logSumExp neither overflows nor needs a term", () => {
  expect(logSumExp([2000, 2000])).toBeCloseTo(2000 + Math.LN2, 12);
  expect(logSumExp([-2000, -2000])).toBeCloseTo(-2000 + Math.LN2, 12);
  expect(logSumExp([])).toBe(-Infinity);
});
