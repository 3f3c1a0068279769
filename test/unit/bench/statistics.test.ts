/** The figures of the bench say what they claim. */

import { expect, test } from "vitest";
import { pairwiseRatios, spreadOf, upperPerMillion } from "../../../bench/statistics.ts";
import { formatNumber, formatRows } from "../../../bench/table.ts";

test("a spread has its quantiles by linear interpolation, whatever the order", () => {
  const values = [4, 1, 3, 2];
  const p99 = expect.closeTo(3.97) as number;
  expect(spreadOf(values)).toEqual({ count: 4, min: 1, median: 2.5, p99, max: 4 });
  expect(values).toEqual([4, 1, 3, 2]);
  expect(() => spreadOf([])).toThrow(RangeError);
});

test("ratios are taken pair by pair, as far as both go", () => {
  expect(pairwiseRatios([2, 9, 5], [1, 3])).toEqual([2, 3]);
});

// Exact one-sided Poisson bounds: half of the chi-squared quantile 0.95 with 2 (lost + 1) degrees.
test.each([
  [0, 2.996],
  [1, 4.744],
  [5, 10.513],
  [20, 29.062],
])("%i lost of a million leave at most %f possible", (lost, bound) => {
  expect(upperPerMillion(lost, 1e6)).toBeCloseTo(bound, 1);
});

test("a table lines its columns up and rounds to what is known", () => {
  const rows = [
    { what: "a", unit: "ms", spread: spreadOf([0.12345, 0.12345]) },
    { what: "longer", unit: "", spread: spreadOf([12_345.6]) },
  ];
  const [head, first, second] = formatRows(rows).split("\n");
  expect(first).toMatch(/^a \[ms] +0\.123 +0\.123 +0\.123 +0\.123 +2$/);
  expect(second).toMatch(/^longer +12,346 +12,346 +12,346 +12,346 +1$/);
  expect(new Set([head?.length, first?.length, second?.length]).size).toBe(1);
  expect([0, -3, 99.96, 1e-7].map(formatNumber)).toEqual(["0", "-3", "100", "1e-7"]);
});
