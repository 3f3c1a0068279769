import { describe, expect, test } from "vitest";
import { isSteady, latestMedian } from "../../../automation/warmup/steadiness.ts";

const times = (ms: number, count = 10): readonly number[] => Array<number>(count).fill(ms);

describe("latency is steady", () => {
  test("once the last ten answers took as long as the ten before", () => {
    expect(isSteady([...times(100), ...times(100)])).toBe(true);
    expect(isSteady([...times(100), ...times(81)])).toBe(true);
    expect(isSteady([...times(100), ...times(119)])).toBe(true);
  });

  test("not before there are twenty answers", () => {
    expect(isSteady(times(100, 19))).toBe(false);
  });

  test("not while it still falls by more than a fifth, or rises", () => {
    expect(isSteady([...times(100), ...times(79)])).toBe(false);
    expect(isSteady([...times(100), ...times(121)])).toBe(false);
  });

  test("whatever was long before, and with single slow answers", () => {
    expect(isSteady([...times(900, 50), ...times(10), ...times(10)])).toBe(true);
    expect(isSteady([...times(10), 500, ...times(10, 8), 900])).toBe(true);
  });

  test("where a change is below what a clock can tell", () => {
    expect(isSteady([...times(0.4), ...times(1.3)])).toBe(true);
    expect(isSteady([...times(0.4), ...times(1.5)])).toBe(false);
  });
});

test("the median is of the last ten, and of fewer there is none", () => {
  expect(latestMedian(times(5, 9))).toBeNull();
  expect(latestMedian([...times(900, 10), ...times(4, 5), ...times(6, 5)])).toBe(5);
});
