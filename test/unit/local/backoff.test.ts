/** How long an instance that ends again and again waits, by a virtual clock. */

import { expect, test } from "vitest";
import { Backoff } from "../../../infra/platforms/local/supervisor/backoff.ts";

const startMs = 1_000;

function virtual(): { backoff: Backoff; pass: (ms: number) => void } {
  let nowMs = 5_000;
  const backoff = new Backoff(() => nowMs);
  return {
    backoff,
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

/** Ends it so often, each time as soon as it may start again. */
function pausesOf(ends: number): readonly number[] {
  const { backoff, pass } = virtual();
  return Array.from({ length: ends }, () => {
    backoff.ended(false);
    const { pauseMs } = backoff;
    pass(pauseMs);
    return pauseMs;
  });
}

test("each end doubles the pause, up to half a minute", () => {
  expect(pausesOf(9)).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("three ends are a crash loop, one that is hopeless is so at once", () => {
  const { backoff } = virtual();
  backoff.ended(false);
  backoff.ended(false);
  expect(backoff.isCrashLoop).toBe(false);
  backoff.ended(false);
  expect(backoff.isCrashLoop).toBe(true);
  const hopeless = virtual().backoff;
  hopeless.ended(true);
  expect(hopeless.isCrashLoop).toBe(true);
});

test("health for as long as a start may take makes up for former ends, less doesn't", () => {
  const { backoff, pass } = virtual();
  backoff.ended(false);
  backoff.healthy(startMs);
  pass(startMs - 1);
  backoff.healthy(startMs);
  expect(backoff.ends).toBe(1);
  pass(1);
  backoff.healthy(startMs);
  expect(backoff.ends).toBe(0);
});

test("health that is interrupted counts from its new beginning", () => {
  const { backoff, pass } = virtual();
  backoff.ended(false);
  backoff.healthy(startMs);
  pass(startMs - 1);
  backoff.unhealthy();
  pass(1);
  backoff.healthy(startMs);
  expect(backoff.ends).toBe(1);
});

test("a start that may take an hour is made up for within a minute", () => {
  const { backoff, pass } = virtual();
  backoff.ended(false);
  backoff.healthy(3_600_000);
  pass(60_000);
  backoff.healthy(3_600_000);
  expect(backoff.ends).toBe(0);
});

test("another order forgives at once", () => {
  const { backoff } = virtual();
  backoff.ended(true);
  backoff.forgive();
  expect(backoff).toMatchObject({ ends: 0, isCrashLoop: false, pauseMs: 0 });
});
