import { expect, test } from "vitest";
import { attemptAll } from "../../../automation/checks/attempts.ts";
import { longest } from "../../../infra/attempt-times.ts";
import type { Outcome } from "../../../automation/checks/finding.ts";
import { VirtualClock } from "./virtual-clock.ts";

const pass: Outcome = { verdict: "pass", sentence: "fine", evidence: "" };
const fail: Outcome = { verdict: "fail", sentence: "broken", evidence: "" };
const never = new AbortController().signal;

function inOrder(outcomes: readonly Outcome[], clock: VirtualClock) {
  const times: number[] = [];
  return {
    times,
    attempt: () => {
      times.push(clock.now());
      return Promise.resolve(outcomes[times.length - 1] ?? fail);
    },
  };
}

test("stops at the first pass", async () => {
  const clock = new VirtualClock();
  const { attempt, times } = inOrder([fail, pass, fail], clock);
  const all = attemptAll({ retries: 5, deadlineMs: 10_000 }, { clock, signal: never }, attempt);
  await clock.advance(60_000);
  expect(await all).toEqual({ outcome: pass, attempts: 2 });
  expect(times).toEqual([0, 100]);
});

test("waits twice as long before each retry, and 5 s at most", async () => {
  const clock = new VirtualClock();
  const { attempt, times } = inOrder([], clock);
  const all = attemptAll({ retries: 8, deadlineMs: 60_000 }, { clock, signal: never }, attempt);
  await clock.advance(60_000);
  expect(await all).toEqual({ outcome: fail, attempts: 9 });
  expect(times).toEqual([0, 100, 300, 700, 1_500, 3_100, 6_300, 11_300, 16_300]);
});

test("keeps the last outcome when the deadline comes during a pause", async () => {
  const clock = new VirtualClock();
  const { attempt } = inOrder([], clock);
  const all = attemptAll({ retries: 99, deadlineMs: 1_000 }, { clock, signal: never }, attempt);
  await clock.advance(1_000);
  expect(await all).toEqual({ outcome: fail, attempts: 4 });
});

test("ends the attempt that runs at the deadline through its signal", async () => {
  const clock = new VirtualClock();
  const all = attemptAll({ retries: 3, deadlineMs: 1_000 }, { clock, signal: never }, (signal) => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    signal.addEventListener("abort", () => {
      resolve({ ...fail, sentence: `ended at ${clock.now()}` });
    });
    return promise;
  });
  await clock.advance(1_000);
  expect(await all).toEqual({ outcome: { ...fail, sentence: "ended at 1000" }, attempts: 1 });
});

test("keeps what a whole attempt said where the deadline cuts the next one short", async () => {
  const clock = new VirtualClock();
  let attempts = 0;
  const plan = { retries: 3, deadlineMs: 1_000 };
  const all = attemptAll(plan, { clock, signal: never }, (signal) => {
    attempts += 1;
    if (attempts === 1) return Promise.resolve(fail);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    signal.addEventListener("abort", () => {
      resolve({ ...fail, sentence: "gave up" });
    });
    return promise;
  });
  await clock.advance(1_000);
  expect(await all).toEqual({ outcome: fail, attempts: 2 });
});

test("leaves an attempt alone that obeys no signal", async () => {
  const clock = new VirtualClock();
  const all = attemptAll({ retries: 3, deadlineMs: 1_000 }, { clock, signal: never }, () => {
    return new Promise(() => undefined);
  });
  await clock.advance(10_000);
  const { outcome, attempts } = await all;
  expect(outcome).toMatchObject({ verdict: "error" });
  expect(outcome.sentence).toContain("deadline of 1s");
  expect(attempts).toBe(1);
});

test("turns what an attempt throws into an error", async () => {
  const clock = new VirtualClock();
  const all = attemptAll({ retries: 0, deadlineMs: 1_000 }, { clock, signal: never }, () => {
    throw new Error("no\u001b[31m idea");
  });
  await clock.advance(1);
  const { outcome } = await all;
  expect(outcome.verdict).toBe("error");
  expect(outcome.sentence).toBe(`the check itself failed: "no\\u001b[31m idea"`);
});

test("is inconclusive when it is interrupted before it passed", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const { attempt } = inOrder([], clock);
  const plan = { retries: 99, deadlineMs: 60_000 };
  const all = attemptAll(plan, { clock, signal: stop.signal }, attempt);
  await clock.advance(250);
  stop.abort();
  const { outcome, attempts } = await all;
  expect(outcome).toMatchObject({ verdict: "inconclusive" });
  expect(outcome.sentence).toBe("interrupted before it passed: broken");
  expect(attempts).toBe(2);
});

test("knows how long all attempts take at most, with the pauses in between", () => {
  expect(longest(0, 1_000)).toBe(1_000);
  expect(longest(3, 1_000)).toBe(4 * 1_000 + 100 + 200 + 400);
  expect(longest(8, 0)).toBe(16_300);
});
