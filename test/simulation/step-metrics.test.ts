/** Simulated steps with a metric of the user's own: how often a good release is sent back by it. */

import { expect, test, vi } from "vitest";
import { judgeStep } from "../../automation/rollout/step-judgement.ts";
import type { StepGrounds } from "../../automation/rollout/step-judgement.ts";
import type { Grounds, MetricRule, Seen } from "../../automation/rollout/metrics.ts";
import { tolerated, uniformNumbers } from "../support/chance.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 120_000 });

const seed = Number(process.env["SEED"] ?? 20_240_611);
console.log(`step metrics simulation: SEED=${seed}`);

const alpha = 0.01;
const runs = 200;
const stepSeconds = 60;
const everySeconds = 5;
const name = "orders";

const rule: MetricRule = {
  ...{ name, reads: "counts", tolerateMs: 60_000, budget: null, detect: null },
  ...{ upper: null, lower: null, ofFormer: null, better: "lower", consecutive: 3, afterMs: 0 },
};

type Rates = (second: number) => { readonly green: number; readonly blue: number };

/** Readings of a metric whose source counts so many a second, from before the step on. */
function readings(rate: (second: number) => number, uniform: () => number): readonly Seen[] {
  const seen: Seen[] = [];
  const count = { bad: 0, total: 0 };
  for (let second = -300; second <= stepSeconds; second += everySeconds) {
    const metrics = { [name]: { ...count } };
    seen.push({ atMs: second * 1_000, metrics });
    for (let each = 0; each < 10 * everySeconds; each += 1) {
      count.total += 1;
      if (uniform() < rate(second)) count.bad += 1;
    }
  }
  return seen;
}

/** Whether a step fails at any look; requests themselves are all well. */
function fails(rates: Rates, uniform: () => number): boolean {
  const blue = readings((second) => rates(second).blue, uniform);
  const green = readings((second) => rates(second).green, uniform).filter(({ atMs }) => atMs >= 0);
  const latency = { enabled: false, quantile: 0.95, detect: 0.5, ignoreBelowMs: 20, afterMs: 0 };
  const bake = { alpha, detect: 0.1, errorBudget: 0.001, durationMs: stepSeconds * 1_000, latency };
  const grounds: Grounds = {
    ...{ color: "green", bake, metrics: [rule], boundsMs: null },
    former: blue.filter(({ atMs }) => atMs <= 0),
  };
  const step: StepGrounds = {
    ...{ color: "green", former: "blue", alpha, steps: 1, detect: 0.1 },
    ...{ p0: 0.01, phi: 1, slowness: null },
  };
  for (let second = 0; second <= stepSeconds; second += everySeconds) {
    const until = ({ atMs }: Seen): boolean => atMs <= second * 1_000;
    const served = { bad: 0, total: second * 20 };
    const errors = [{ atMs: second * 1_000, newColor: served, formerColor: served }];
    const metrics = {
      ...{ grounds, seen: green.filter(until), former: blue.filter(until) },
      perColor: new Set([name]),
    };
    if (judgeStep(step, { errors, slow: [], metrics }).verdict === "fail") return true;
  }
  return false;
}

function failed(rates: Rates): number {
  const all = Array.from({ length: runs }, (_, stream) =>
    fails(rates, uniformNumbers({ seed, stream })),
  );
  return all.filter(Boolean).length;
}

test.each([0, 0.01, 0.05])("equal colors with %f of bad ones stay", (rate) => {
  expect(failed(() => ({ green: rate, blue: rate }))).toBeLessThanOrEqual(tolerated(runs, alpha));
});

test("what both meet in the middle of a step sends nobody back", () => {
  const shared: Rates = (second) => {
    const rate = second >= 20 ? 0.4 : 0.01;
    return { green: rate, blue: rate };
  };
  expect(failed(shared)).toBeLessThanOrEqual(tolerated(runs, alpha));
});

test("a metric that is bad of the new color only is always found", () => {
  expect(failed(() => ({ green: 0.2, blue: 0.01 }))).toBe(runs);
});
