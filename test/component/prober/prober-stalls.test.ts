import { expect, test } from "vitest";
import { beatMs, Stalls } from "../../../automation/adapters/prober-stalls.ts";

/** Beats as they are due, but for a time in which nothing runs. */
function beating(untilMs: number, stall: { fromMs: number; toMs: number } | null = null): Stalls {
  const stalls = new Stalls(0);
  for (let at = 0; at <= untilMs; at += beatMs) {
    if (!stall || at <= stall.fromMs || at >= stall.toMs) stalls.beat(at);
  }
  return stalls;
}

test("a request that fails while all runs as it should, fails by whom it asked", () => {
  expect(beating(10_000).spoiled(4_000, 9_000, 5_000)).toBe(false);
});

test("one that lost more than a tenth of its time may have failed by ourselves", () => {
  const stalled = beating(10_000, { fromMs: 5_000, toMs: 6_000 });
  expect(stalled.spoiled(4_000, 9_000, 5_000)).toBe(true);
  expect(stalled.spoiled(100, 4_900, 5_000)).toBe(false);
  expect(stalled.spoiled(6_500, 9_000, 5_000)).toBe(false);
  expect(stalled.spoiled(4_000, 9_000, 30_000)).toBe(false);
});

test("one that was sent just after such a time, on a connection that was closed in it, too", () => {
  const stalled = beating(7_000, { fromMs: 1_000, toMs: 6_000 });
  expect(stalled.spoiled(6_000, 6_005, 1_000)).toBe(true);
  expect(stalled.spoiled(6_200, 6_205, 1_000)).toBe(false);
});

test("a time that isn't over for the timer yet counts as soon as a request ends", () => {
  expect(beating(1_000).spoiled(900, 3_000, 1_000)).toBe(true);
});
