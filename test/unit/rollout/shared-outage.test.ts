import { describe, expect, test } from "vitest";
import {
  countsBehind,
  failsAsWell,
  shareBehind,
  shareOfLate,
} from "../../../automation/rollout/shared-outage.ts";
import type { BakeJudgement } from "../../../automation/rollout/metrics-judgement.ts";
import type { PathOutcome } from "../../../automation/rollout/shared-outage.ts";

const rules = { p0: 0.01, alpha: 0.01, users: false };
const on = (path: string, own: [number, number], former: [number, number]): PathOutcome => ({
  path,
  own: { bad: own[0], total: own[1] },
  former: { bad: former[0], total: former[1] },
});

describe("the former color fails as well", () => {
  test("where it does so on each path on which the new color fails", () => {
    const good = on("/", [0, 50], [0, 50]);
    const shared = on("/orders", [50, 50], [48, 50]);
    const alone = on("/cart", [50, 50], [0, 50]);
    expect(failsAsWell([good, shared], { ...rules, share: 0.5 })).toBe(true);
    expect(failsAsWell([good, shared, alone], { ...rules, share: 0.6 })).toBe(false);
  });

  test("where both fail a part of their requests, and not where it fails far less", () => {
    expect(failsAsWell([on("/", [30, 100], [25, 100])], { ...rules, share: 0.3 })).toBe(true);
    expect(failsAsWell([on("/", [100, 100], [4, 100])], { ...rules, share: 1 })).toBe(false);
  });

  test("by users' errors on other paths, where our own requests are well", () => {
    expect(failsAsWell([on("/", [0, 0], [90, 100])], { ...rules, share: 1 })).toBe(true);
    expect(failsAsWell([on("/", [0, 0], [0, 100])], { ...rules, share: 1 })).toBe(false);
  });

  test("only where it does so on all paths, once users alone are over their limit", () => {
    const good = on("/", [0, 100], [0, 100]);
    const always = on("/x", [100, 100], [100, 100]);
    const shared = on("/", [90, 100], [80, 100]);
    expect(failsAsWell([good, always], { ...rules, share: 0.5 })).toBe(true);
    expect(failsAsWell([good, always], { ...rules, share: 0.9, users: true })).toBe(false);
    expect(failsAsWell([shared, always], { ...rules, share: 0.9, users: true })).toBe(true);
    expect(failsAsWell([], { ...rules, share: 0.9, users: true })).toBe(false);
  });

  test("not where our own requests rest and it fails on one of several paths", () => {
    const paths = [on("/", [0, 0], [0, 100]), on("/x", [0, 0], [5, 5])];
    expect(failsAsWell(paths, { ...rules, share: 0.9 })).toBe(false);
  });

  test("never by two answers, by one bad one, or without any", () => {
    expect(failsAsWell([on("/", [9, 9], [2, 2])], { ...rules, share: 1 })).toBe(false);
    expect(failsAsWell([on("/", [1, 50], [1, 50])], { ...rules, share: 0.02 })).toBe(false);
    expect(failsAsWell([], { ...rules, share: 1 })).toBe(false);
  });
});

test("the share of late is that of ten seconds, and all where nothing was counted", () => {
  const seen = [
    { atMs: 0, traffic: [0, 0] as const },
    { atMs: 5_000, traffic: [1_000, 0] as const },
    { atMs: 16_000, traffic: [1_100, 50] as const },
  ];
  expect(shareOfLate(seen)).toBe(0.5);
  expect(shareOfLate(seen.slice(0, 2))).toBe(0);
  expect(shareOfLate([{ atMs: 0, traffic: null }])).toBe(1);
});

describe("what decided", () => {
  const seen = [
    { atMs: 0, traffic: [0, 0], users: [0, 0], own: [0, 0] },
    { atMs: 5_000, traffic: [100, 10], users: [50, 1], own: [50, 40] },
  ] as const;
  const of = (driver: string | null, over = false): BakeJudgement => ({
    ...{ verdict: "fail", sentence: "", metrics: [], needed: 60, driver },
    ...{ requests: 100, errors: 10, users: { requests: 50, errors: 1, over } },
    own: { requests: 50, errors: 40, isHigh: true, over: true },
  });

  test.each([
    ["errors", false, 0.1, 10],
    ["errors", true, 0.02, 1],
    ["errors of users", true, 0.02, 1],
    ["own requests", false, 0.8, 40],
    ["latency", false, 1, null],
  ])("by %s (users over their limit: %s): %d of late, %d in all", (driver, over, share, errors) => {
    expect(shareBehind(of(driver, over), seen)).toBe(share);
    expect(countsBehind(of(driver, over))?.errors ?? null).toBe(errors);
  });
});
