/** The simulation's numbers by chance: repeatable, and with the mean that is asked for. */

import { expect, it } from "vitest";
import { chanceOf } from "../../../../bench/judging/random.ts";

it("a seed repeats its numbers, and another stream has others", () => {
  const numbers = (...words: readonly number[]) => {
    const chance = chanceOf(7, ...words);
    return Array.from({ length: 50 }, () => chance.uniform());
  };
  expect(numbers(1, 2)).toEqual(numbers(1, 2));
  const [one, other] = [new Set(numbers(1, 2)), numbers(1, 3)];
  expect(other.filter((number) => one.has(number))).toEqual([]);
});

it.each([
  ["rare", 200, 0.001],
  ["usual", 50, 0.3],
  ["frequent", 20, 0.95],
])("%s things happen as often as their probability says", (_name, trials, probability) => {
  const chance = chanceOf(7, trials);
  const runs = 20_000;
  let sum = 0;
  for (let run = 0; run < runs; run += 1) sum += chance.binomial(trials, probability);
  const mean = trials * probability;
  const sigma = Math.sqrt((mean * (1 - probability)) / runs);
  expect(Math.abs(sum / runs - mean)).toBeLessThan(4 * sigma);
});

it.each([0, 0.4, 30, 1_200])("arrivals have the mean %d and its variance", (mean) => {
  const chance = chanceOf(7, mean * 10);
  const counts = Array.from({ length: 4_000 }, () => chance.poisson(mean));
  const average = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
  expect(Math.abs(average - mean)).toBeLessThanOrEqual(4 * Math.sqrt(mean / counts.length));
  expect(squares).toBeGreaterThanOrEqual(0.85 * mean);
  expect(squares).toBeLessThanOrEqual(1.15 * mean);
});
