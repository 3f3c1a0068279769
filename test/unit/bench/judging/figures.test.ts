/** What the bench says of its runs. */

import { expect, it } from "vitest";
import {
  brokenPromises,
  detectedShare,
  falseRollbacks,
  medianRequests,
  medianSeconds,
} from "../../../../bench/judging/figures.ts";
import { scenario } from "../../../../bench/judging/scenario.ts";
import type { RunEnd } from "../../../../bench/judging/scenario.ts";

const passed: RunEnd = { bluegreen: null, fixed: null, argo: null, verdict: "pass" };

function found(requests: number, atMs: number): RunEnd {
  return { ...passed, bluegreen: { requests, atMs }, verdict: "fail" };
}

function cell(ends: readonly RunEnd[], breaksAtSecond = 0) {
  const place = { row: "1 %", column: "2/s" };
  return { scenario: scenario({ ...place, rate: 0.01, breaksAtSecond }), ends };
}

it("a median counts the runs that found nothing as never", () => {
  const half = cell([found(10, 1_000), found(30, 3_000), passed]);
  expect(medianRequests(half, "bluegreen")).toBe(30);
  expect(medianSeconds(half, "bluegreen")).toBe(3);
  expect(medianRequests(cell([found(10, 1_000), passed, passed]), "bluegreen")).toBe(Infinity);
  expect(detectedShare(half, "bluegreen")).toBeCloseTo(2 / 3);
});

it("what is rolled back before it broke wasn't found", () => {
  const ends = [found(-40, 50_000), found(20, 61_000)];
  expect(detectedShare(cell(ends, 60), "bluegreen")).toBe(0.5);
  expect(medianSeconds(cell(ends, 60), "bluegreen")).toBe(1);
});

it("joins the cells of a row, names the worst, and bounds the share", () => {
  const good = cell(new Array<RunEnd>(300).fill(passed));
  const bad = cell([...new Array<RunEnd>(297).fill(passed), ...[1, 2, 3].map((n) => found(n, 9))]);
  const [, row, all] = falseRollbacks([good, bad]);
  expect(row).toEqual(["1 %", "600", "3", "1.3 %", "3 of 300", "0 %", "0 %"]);
  expect(all?.slice(1)).toEqual(row?.slice(1));
});

it("a cell breaks the promise only beyond what luck explains", () => {
  const cellOf = (many: number) =>
    cell(Array.from({ length: 200 }, (_, run) => (run < many ? found(5, 2_000) : passed)));
  expect(brokenPromises([cellOf(6)])).toHaveLength(0);
  expect(brokenPromises([cellOf(7)])).toHaveLength(1);
});
