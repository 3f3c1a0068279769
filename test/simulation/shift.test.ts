/** Simulated steps of a shift: how often a good release is sent back, and how fast a bad one is. */

import { describe, expect, test, vi } from "vitest";
import { judgeStep } from "../../automation/rollout/step-judgement.ts";
import type { StepGrounds } from "../../automation/rollout/step-judgement.ts";
import type { BothSeen } from "../../automation/rollout/two-colors.ts";
import { nullRate } from "../../automation/rollout/yardstick.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 120_000 });

const seed = Number(process.env["SEED"] ?? 20_240_611);
console.log(`shift simulation: SEED=${seed}`);

const alpha = 0.01;

/** Uniform numbers in [0, 1) from a seed (splitmix32). */
function random(stream: number): () => number {
  let state = (seed + stream * 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

interface Shift {
  readonly weights: readonly number[];
  readonly perSecond: number;
  readonly stepSeconds: number;
  /** Error rates at a second of the step. */
  readonly rates: (second: number) => { readonly fresh: number; readonly former: number };
  readonly lookSeconds?: number;
  /** Clients stay with their color: so long a step's share grows towards its weight; 0: at once. */
  readonly sessionSeconds?: number;
}

interface Failed {
  readonly step: number;
  /** Requests of the new color in that step. */
  readonly requests: number;
  /** Of all requests in that step. */
  readonly all: number;
}

/** Null: the release got to the switch. */
function run(shift: Shift, uniform: () => number): Failed | null {
  const { weights, perSecond, stepSeconds, rates, lookSeconds = 2, sessionSeconds = 0 } = shift;
  let share = 0;
  const past = { bad: 0, total: 3_000 };
  for (let index = 0; index < past.total; index++) if (uniform() < rates(-1).former) past.bad++;
  const { p0 } = nullRate({ history: past });
  for (const [index, weight] of weights.entries()) {
    const fresh = { bad: 0, total: 0 };
    const former = { bad: 0, total: 0 };
    const nothing = { bad: 0, total: 0 };
    const errors: BothSeen[] = [{ atMs: 0, newColor: nothing, formerColor: nothing }];
    const detect = 0.1;
    const grounds: StepGrounds = {
      ...{ color: "green", former: "blue", alpha, detect, p0, phi: 1, slowness: null },
      steps: weights.length,
    };
    for (let second = 0; second < stepSeconds; second++) {
      const now = rates(second);
      if (sessionSeconds === 0) share = weight / 100;
      else share += (weight / 100 - share) / sessionSeconds;
      for (let each = 0; each < perSecond; each++) {
        const isFresh = uniform() < share;
        const count = isFresh ? fresh : former;
        count.total++;
        if (uniform() < (isFresh ? now.fresh : now.former)) count.bad++;
      }
      if ((second + 1) % lookSeconds !== 0) continue;
      errors.push({
        atMs: (second + 1) * 1_000,
        newColor: { ...fresh },
        formerColor: { ...former },
      });
      if (judgeStep(grounds, { errors, slow: [] }).verdict === "fail") {
        return { step: index + 1, requests: fresh.total, all: fresh.total + former.total };
      }
    }
  }
  return null;
}

function simulate(runs: number, stream: number, shift: Shift): readonly (Failed | null)[] {
  const uniform = random(stream);
  return Array.from({ length: runs }, () => run(shift, uniform));
}

/** Alarms that `runs` may show while the true probability is alpha: mean and three sigma. */
function tolerated(runs: number): number {
  return runs * alpha + 3 * Math.sqrt(runs * alpha * (1 - alpha));
}

const weights = [10, 50];

describe("a release that is as good as the former one is sent back in at most 1 % of shifts", () => {
  test.each([
    [0.001, 2],
    [0.001, 20],
    [0.005, 10],
    [0.01, 5],
    [0.05, 2],
    [0.05, 20],
  ])("with %d of all requests failing, at %i a second", (rate, perSecond) => {
    const shift = { weights, perSecond, stepSeconds: 90, rates: () => equal(rate) };
    const runs = 400;
    const failed = simulate(runs, rate * 1_000 + perSecond, shift).filter((end) => end !== null);
    expect(failed.length).toBeLessThanOrEqual(tolerated(runs));
  });

  test.each([
    ["half of all requests", 0.5],
    ["every request", 1],
  ])("while something fails %s for a while that both need", (_name, rate) => {
    const rates = (second: number) => equal(second >= 20 && second < 50 ? rate : 0.002);
    const runs = 400;
    for (const [stream, perSecond] of [3, 20].entries()) {
      const shift = { weights: [10, 50, 90], perSecond, stepSeconds: 90, rates };
      const failed = simulate(runs, 100 + stream, shift).filter((end) => end !== null);
      expect(failed.length).toBeLessThanOrEqual(tolerated(runs));
    }
  });

  // So few requests reach the former color that many a block has none of the errors by chance.
  test.each([
    ["90 %", 90],
    ["95 %", 95],
  ])("at %s of the traffic, while a tenth of what both need fails to the end", (_name, weight) => {
    const rates = (second: number) => equal(second >= 20 ? 0.1 : 0.002);
    const runs = 150;
    const shift = { weights: [weight], perSecond: 20, stepSeconds: 300, rates };
    const failed = simulate(runs, weight, shift).filter((end) => end !== null);
    expect(failed.length).toBeLessThanOrEqual(tolerated(runs));
  });
});

describe("where clients stay with their color, so that a share grows within its step", () => {
  test.each([
    ["one in three requests, late", 0.3, 120, 240],
    ["every request, late", 1, 120, 240],
    ["one in three requests, late, with long sessions", 0.3, 300, 240],
    ["every request, late, with long sessions", 1, 300, 240],
    ["every request, in the beginning", 1, 120, 20],
    ["half of all requests, in the beginning, with short sessions", 0.5, 30, 5],
  ])("an outage that both share, of %s", (_name, rate, sessionSeconds, from) => {
    const rates = (second: number) => equal(second >= from && second < from + 60 ? rate : 0.002);
    const runs = 200;
    const shift = { weights: [50], perSecond: 20, stepSeconds: 300, rates, sessionSeconds };
    const failed = simulate(runs, sessionSeconds + from, shift).filter((end) => end !== null);
    expect(failed.length).toBeLessThanOrEqual(tolerated(runs));
  });

  test("a release that fails half of its requests is found within some of its own", () => {
    const rates = (second: number) => ({ fresh: second < 0 ? 0 : 0.5, former: 0.002 });
    const shift = { weights: [50], perSecond: 20, stepSeconds: 300, rates, sessionSeconds: 120 };
    const ends = simulate(50, 9, { ...shift, lookSeconds: 1 });
    const met = ends.map((end) => end?.requests ?? Infinity).toSorted((a, b) => a - b);
    expect(met[25]).toBeLessThanOrEqual(16);
  });
});

function equal(rate: number) {
  return { fresh: rate, former: rate };
}

describe("a release that fails is found in the first step, at 10 % of the traffic", () => {
  test.each([
    ["1 in 10 requests, where 1 in 1,000 did", 0.1, 0.001, 70],
    ["half of its requests", 0.5, 0.001, 16],
    ["each of its requests", 1, 0, 8],
    ["1 in 10 requests, where 1 in 100 did", 0.1, 0.01, 160],
  ])("%s", (_name, fresh, former, most) => {
    const rates = (second: number) => ({ fresh: second < 0 ? 0 : fresh, former });
    const shift = { weights, perSecond: 50, stepSeconds: 120, rates, lookSeconds: 1 };
    const ends = simulate(200, fresh * 100, shift);
    expect(ends.filter((end) => end?.step !== 1).length).toBeLessThanOrEqual(2);
    const met = ends.map((end) => end?.requests ?? Infinity).toSorted((a, b) => a - b);
    console.log(`${fresh} beside ${former}: ${String(met[100])} requests of the release, median`);
    expect(met[100]).toBeLessThanOrEqual(most);
  });

  test("also where it breaks four minutes into the step", () => {
    const rates = (second: number) => ({ fresh: second < 240 ? 0.002 : 0.2, former: 0.002 });
    const shift = { weights: [10], perSecond: 50, stepSeconds: 300, rates };
    const ends = simulate(50, 7, shift);
    const late = ends.map((end) => (end?.all ?? Infinity) / 50 - 240).toSorted((a, b) => a - b);
    expect(late[25]).toBeGreaterThan(0);
    expect(late[25]).toBeLessThanOrEqual(25);
  });
});
