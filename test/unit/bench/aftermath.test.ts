/** What a flip meant for a load is read from its requests, and from nothing else. */

import { expect, test } from "vitest";
import { followed, isNear, latencies, problemsOf } from "../../../bench/aftermath.ts";
import { sampleOf } from "./samples.ts";

const flip = { to: "green", calledAt: 1_000, returnedAt: 1_010 } as const;

test("the former color's last reply counts from any request, sent before or after the call", () => {
  const samples = [
    sampleOf({ startedAt: 900, endedAt: 950, color: "blue" }),
    sampleOf({ startedAt: 990, endedAt: 1_180, color: "blue" }),
    sampleOf({ startedAt: 1_015, endedAt: 1_020, color: "blue" }),
    sampleOf({ startedAt: 1_016, endedAt: 1_300, color: "green" }),
  ];
  expect(followed(flip, 2_000, samples)).toEqual({
    lastReplyAt: 1_180,
    longestMs: 190,
    late: 1,
    isFollowed: true,
  });
});

test("what ends after the next flip is no part of this one", () => {
  const samples = [sampleOf({ startedAt: 1_020, endedAt: 1_400, color: "blue" })];
  expect(followed(flip, 1_300, samples)).toEqual({
    lastReplyAt: null,
    longestMs: 0,
    late: 0,
    isFollowed: false,
  });
});

test("a flip isn't followed while only failures come after it", () => {
  const samples = [
    sampleOf({ startedAt: 1_005, endedAt: 1_030, color: "green" }),
    sampleOf({ startedAt: 1_020, endedAt: 1_030, color: null, problem: "status 502" }),
  ];
  expect(followed(flip, 2_000, samples)).toMatchObject({ isFollowed: false, late: 0 });
});

test.each([
  [749, false],
  [751, true],
  [1_005, true],
  [1_259, true],
  [1_261, false],
])("a request sent at %i is within 250 ms of a call from 1,000 to 1,010: %s", (startedAt, near) => {
  expect(isNear([flip], sampleOf({ startedAt, endedAt: startedAt }), 250)).toBe(near);
});

test("latencies leave out what was slow on purpose", () => {
  const samples = [
    sampleOf({ startedAt: 1_000, endedAt: 1_007 }),
    sampleOf({ startedAt: 1_000, endedAt: 1_200, slow: true }),
    sampleOf({ startedAt: 5_000, endedAt: 5_002 }),
  ];
  expect(latencies([flip], samples, 250)).toEqual({ around: [7], steady: [2] });
});

test("each kind of problem is counted once, with its number", () => {
  const problems = ["socket hang up", null, "status 502", "socket hang up"];
  const samples = problems.map((problem) => sampleOf({ startedAt: 0, endedAt: 1, problem }));
  expect(problemsOf(samples)).toEqual(["  2 times: socket hang up", "  1 times: status 502"]);
});
