/** What counts of a release that turned bad: until its last reply, and all that failed. */

import { expect, it } from "vitest";
import type { Sample } from "../../../bench/client-facts.ts";
import { recoveryOf } from "../../../bench/recovery-facts.ts";

function sample(startedAt: number, more: Partial<Sample> = {}): Sample {
  const endedAt = startedAt + 5;
  return { startedAt, endedAt, color: "green", post: false, slow: false, problem: null, ...more };
}

const failed = { problem: "status 500" };

it("lasts from the moment it turned bad to the last reply of the bad color", () => {
  const samples = [
    sample(100),
    sample(1_100, failed),
    sample(2_000),
    sample(2_995),
    sample(3_100, { color: "blue" }),
  ];
  expect(recoveryOf(samples, { badAt: 1_000, bad: "green" })).toEqual({
    seconds: 2,
    failed: 1,
    failedLater: 0,
  });
});

it("leaves out what failed before, and tells what failed after", () => {
  const samples = [
    sample(500, failed),
    sample(1_500, failed),
    sample(1_700, { color: "blue", ...failed }),
    sample(1_800, { color: null, ...failed }),
  ];
  expect(recoveryOf(samples, { badAt: 1_000, bad: "green" })).toMatchObject({
    failed: 3,
    failedLater: 2,
  });
});

it("refuses where the bad release never answered", () => {
  const samples = [sample(1_500, { color: "blue" })];
  expect(() => recoveryOf(samples, { badAt: 1_000, bad: "green" })).toThrow("answered");
});
