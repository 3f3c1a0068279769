/** What a release is measured by: the former color's history, the error budget, and both. */
import { expect, test } from "vitest";
import { logE } from "../../../automation/rollout/evidence.ts";
import { dispersion } from "../../../automation/rollout/evidence.ts";
import {
  nullRate,
  overdispersion,
  upperBound,
  yardstick,
} from "../../../automation/rollout/yardstick.ts";
import golden from "./golden.json" with { type: "json" };

test("the upper bound agrees with SciPy's exact one", () => {
  expect(golden.upperBound.length).toBeGreaterThan(3);
  for (const [bad = NaN, total = NaN, expected = NaN] of golden.upperBound) {
    expect(upperBound({ bad, total }) / expected).toBeCloseTo(1, 9);
  }
});

test("without data the upper bound is 1", () => {
  expect(upperBound({ bad: 0, total: 0 })).toBe(1);
});

test("the former color's history sets what is expected", () => {
  const { p0, source } = nullRate({ history: { bad: 10, total: 10_000 } });
  expect(source).toBe("history");
  expect(p0).toBeCloseTo(0.0018382641342 + 0.005, 9);
  const worse = nullRate({ history: { bad: 250, total: 5000 } });
  expect(worse.p0).toBeCloseTo(2 * upperBound({ bad: 250, total: 5000 }), 12);
});

test("without history ten times the error budget is expected", () => {
  expect(nullRate({ history: null })).toEqual({ p0: 0.01, source: "budget" });
  const asked = nullRate({ history: { bad: 0, total: 0 }, errorBudget: 0.002 });
  expect(asked).toEqual({ p0: 0.02, source: "budget" });
});

test("a short history without errors allows no more than no history would", () => {
  expect(nullRate({ history: { bad: 0, total: 5 } })).toEqual({ p0: 0.01, source: "budget" });
  expect(nullRate({ history: { bad: 0, total: 5000 } }).source).toBe("history");
});

test("what is expected stays low enough to see an outage", () => {
  expect(nullRate({ history: { bad: 9, total: 10 } })).toEqual({ p0: 0.5, source: "history" });
  expect(nullRate({ history: null, errorBudget: 0.3 })).toEqual({ p0: 0.5, source: "budget" });
});

test("a budget of nothing still leaves a share to judge by", () => {
  const { p0 } = nullRate({ history: null, errorBudget: 0 });
  expect(p0).toBe(1e-6);
  expect(logE({ bad: 1, total: 1, p0 })).toBeGreaterThan(Math.log(100));
});

test("a history whose errors came in bursts bounds the rate less tightly", () => {
  const history = { bad: 20, total: 10_000 };
  expect(nullRate({ history, phi: 4 }).p0).toBeGreaterThan(nullRate({ history }).p0);
});

test("a good history is the measure of a pass, too", () => {
  const { p0, passP0, hopelessShare } = yardstick({ history: { bad: 10, total: 10_000 } });
  expect([passP0, hopelessShare]).toEqual([p0, null]);
});

test("a former color that fails itself leaves a pass to the error budget", () => {
  const chronic = yardstick({ history: { bad: 800, total: 10_000 } });
  expect(chronic).toMatchObject({ source: "history", passP0: 0.01, hopelessShare: null });
  expect(chronic.p0).toBeGreaterThan(0.16);
  expect(yardstick({ history: { bad: 90, total: 100 } })).toEqual({
    source: "history",
    p0: 0.5,
    passP0: 0.01,
    hopelessShare: 0.9,
  });
});

test("overdispersion waits for eight readings with traffic", () => {
  const calm = { bad: 0, total: 100 };
  const burst = { bad: 50, total: 100 };
  const idle = { bad: 0, total: 0 };
  expect(overdispersion([])).toBe(1);
  expect(overdispersion([burst, ...Array.from({ length: 6 }, () => calm), idle])).toBe(1);
  expect(overdispersion([burst, ...Array.from({ length: 7 }, () => calm)])).toBeGreaterThan(1);
  expect(overdispersion(Array.from({ length: 20 }, () => ({ bad: 5, total: 100 })))).toBe(1);
});

const calmTime = (total: number) => Array.from({ length: 15 }, () => ({ bad: 0, total }));

test("one outage counts for at most 5, so that the next one is seen", () => {
  const outage = Array.from({ length: 4 }, () => ({ bad: 100, total: 100 }));
  expect(overdispersion([...calmTime(100), ...outage, ...calmTime(100)])).toBe(5);
});

test("bursts that come again count for up to half of a reading's requests", () => {
  const burstsOf = (total: number) => {
    const burst = { bad: total / 2, total };
    return [burst, ...calmTime(total), burst, ...calmTime(total)];
  };
  expect(overdispersion(burstsOf(8))).toBeLessThanOrEqual(5);
  expect(overdispersion(burstsOf(100))).toBeCloseTo(50, 0);
});

test("overdispersion sees bursts that last for several readings", () => {
  const quiet = [0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0];
  const bursty = [3, 4, 3, 4];
  const bins = [...quiet, ...bursty, ...quiet, ...bursty].map((bad) => ({ bad, total: 100 }));
  expect(overdispersion(bins)).toBeGreaterThan(1.5 * dispersion(bins));
});

test("what chance explains is no overdispersion", () => {
  const bins = [2, 0, 3, 1, 2, 4, 1, 0, 2, 3, 1, 1].map((bad) => ({ bad, total: 100 }));
  expect(dispersion(bins)).toBeGreaterThan(0.8);
  expect(overdispersion(bins)).toBe(1);
});
