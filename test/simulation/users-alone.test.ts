/** Simulated bakes with few users and many requests of our own: neither hides what the others meet. */

import { expect, test, vi } from "vitest";
import { judgeBake, measuresOf } from "../../automation/rollout/metrics-judgement.ts";
import type { Grounds, Seen } from "../../automation/rollout/metrics.ts";
import { tolerated, uniformNumbers } from "../support/chance.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 120_000 });

const seed = Number(process.env["SEED"] ?? 20_240_611);
console.log(`users alone simulation: SEED=${seed}`);

const alpha = 0.01;
const runs = 400;
const bakeSeconds = 120;
const ownEach = 10;
const latency = { enabled: false, quantile: 0.95, detect: 0.5, ignoreBelowMs: 20, afterMs: 0 };
const grounds: Grounds = {
  color: "green",
  bake: { alpha, detect: 0.1, errorBudget: 0.001, durationMs: bakeSeconds * 1_000, latency },
  ...{ metrics: [], boundsMs: null, former: [] },
};
const measures = measuresOf(grounds);

interface Load {
  /** A second. */
  readonly users: number;
  /** Share of bad ones, of users and of our own. */
  readonly rate: number;
  readonly ownRate: number;
  /** Share of our own that nobody answers, which the router doesn't count. */
  readonly hungRate?: number;
}

/** How a bake ends that is looked at every other second. */
function baked({ users, rate, ownRate, hungRate = 0 }: Load, uniform: () => number): string {
  const seen: Seen[] = [];
  const bad = (count: number, share: number): number =>
    Array.from({ length: count }, uniform).filter((each) => each < share).length;
  const [of, own] = [
    { bad: 0, total: 0 },
    { bad: 0, total: 0, hung: 0 },
  ];
  for (let second = 0; second <= bakeSeconds; second += 2) {
    const traffic = [of.total + own.total, of.bad + own.bad] as const;
    const ended = [own.total + own.hung, own.bad + own.hung] as const;
    seen.push({ atMs: second * 1_000, traffic, users: [of.total, of.bad], own: ended });
    const { verdict } = judgeBake(grounds, seen, { atMs: second * 1_000, measures });
    if (verdict === "fail" || second === bakeSeconds) return verdict;
    of.total += 2 * users;
    of.bad += bad(2 * users, rate);
    const hung = bad(2 * ownEach, hungRate);
    own.hung += hung;
    own.total += 2 * ownEach - hung;
    own.bad += bad(2 * ownEach - hung, ownRate);
  }
  return "inconclusive";
}

function ends(load: Load, verdict: string): number {
  const all = Array.from({ length: runs }, (_, stream) =>
    baked(load, uniformNumbers({ seed, stream })),
  );
  return all.filter((each) => each === verdict).length;
}

test.each([
  [1, 0.01, 0.01],
  [3, 0.01, 0],
  [1, 0.001, 0.001],
])("a release within its limit stays: %d users a second, %f bad, %f of our own", (...of) => {
  const [users, rate, ownRate] = of;
  expect(ends({ users, rate, ownRate }, "fail")).toBeLessThanOrEqual(tolerated(runs, alpha));
});

test.each([
  [0, 0, 0.01],
  [3, 0.01, 0.01],
  [3, 0.001, 0.001],
])(
  "a release within its limit stays: %d users a second, %f bad, %f of our own unanswered",
  (...of) => {
    const [users, rate, hungRate] = of;
    expect(ends({ users, rate, ownRate: 0, hungRate }, "fail")).toBeLessThanOrEqual(
      tolerated(runs, alpha),
    );
  },
);

test.each([0, 3])("one that doesn't answer a tenth of our own is sent back: %d users", (users) => {
  expect(ends({ users, rate: 0, ownRate: 0, hungRate: 0.1 }, "fail")).toBe(runs);
});

test("one that fails 3 times as many of our own as it may never passes unseen", () => {
  expect(ends({ users: 3, rate: 0, ownRate: 0, hungRate: 0.03 }, "pass")).toBeLessThan(runs / 20);
});

test.each([1, 3])("a release that fails a fifth of %d users a second is sent back", (users) => {
  expect(ends({ users, rate: 0.2, ownRate: 0 }, "fail")).toBe(runs);
});

test("one that fails every tenth of one user a second doesn't pass unseen more often than alone", () => {
  expect(ends({ users: 1, rate: 0.1, ownRate: 0 }, "fail")).toBeGreaterThan(0.9 * runs);
});
