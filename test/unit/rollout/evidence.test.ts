/** E-values, bounds and sample sizes: SciPy's numbers, and the properties that make them valid. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  averageLogE,
  dispersion,
  logE,
  requiredSamples,
  twoSample,
} from "../../../automation/rollout/evidence.ts";
import type { Counts } from "../../../automation/rollout/counts.ts";
import { binomialTail } from "../../../automation/rollout/special-functions.ts";
import golden from "./golden.json" with { type: "json" };

const rates = fc.double({ min: 0.0005, max: 0.5, noNaN: true });
const counts = fc
  .tuple(fc.nat(3000), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([total, share]): Counts => ({ bad: Math.round(total * share), total }));

test("E agrees with SciPy where SciPy can compute it", () => {
  expect(golden.logE.length).toBeGreaterThan(5);
  for (const [bad = NaN, total = NaN, p0 = NaN, expected = NaN] of golden.logE) {
    expect(logE({ bad, total, p0 }), `${bad} of ${total}`).toBeCloseTo(expected, 9);
  }
});

test("E agrees with sixty digits far beyond the range of a double", () => {
  expect(golden.logEDigits.length).toBeGreaterThan(golden.logE.length);
  for (const [bad = NaN, total = NaN, p0 = NaN, expected = NaN] of golden.logEDigits) {
    expect(logE({ bad, total, p0 }), `${bad} of ${total}`).toBeCloseTo(expected, 9);
  }
});

test("without a request there is no evidence", () => {
  fc.assert(
    fc.property(rates, (p0) => {
      expect(logE({ bad: 0, total: 0, p0 })).toBeCloseTo(0, 12);
    }),
  );
});

test("one bad request more, among as many, is more evidence", () => {
  fc.assert(
    fc.property(counts, rates, ({ bad, total }, p0) => {
      fc.pre(bad < total);
      expect(logE({ bad: bad + 1, total, p0 })).toBeGreaterThan(logE({ bad, total, p0 }));
    }),
  );
});

test("a good request is never evidence against the release, a bad one never for it", () => {
  fc.assert(
    fc.property(counts, rates, ({ bad, total }, p0) => {
      const now = logE({ bad, total, p0 });
      expect(logE({ bad, total: total + 1, p0 })).toBeLessThan(now + 1e-9);
      expect(logE({ bad: bad + 1, total: total + 1, p0 })).toBeGreaterThan(now - 1e-9);
    }),
  );
});

test("E isn't expected to grow by the next request while the bad share is at most p0", () => {
  fc.assert(
    fc.property(
      counts,
      rates,
      fc.double({ min: 0, max: 1, noNaN: true }),
      ({ bad, total }, p0, part) => {
        const now = logE({ bad, total, p0 });
        const ifGood = Math.exp(logE({ bad, total: total + 1, p0 }) - now);
        const ifBad = Math.exp(logE({ bad: bad + 1, total: total + 1, p0 }) - now);
        expect(p0 * ifBad + (1 - p0) * ifGood).toBeCloseTo(1, 9);
        const better = p0 * part;
        expect(better * ifBad + (1 - better) * ifGood).toBeLessThan(1 + 1e-9);
      },
    ),
  );
});

test("counts that can't be are refused instead of judged", () => {
  expect(() => logE({ bad: 2, total: 1, p0: 0.1 })).toThrow("2 bad of 1 requests");
  expect(() => logE({ bad: NaN, total: 1, p0: 0.1 })).toThrow("NaN bad");
  expect(() => logE({ bad: 0, total: 1, p0: 0 })).toThrow("not between 0 and 1");
});

test("the requests that earn a pass agree with a search by SciPy", () => {
  expect(golden.requiredSamples.length).toBeGreaterThan(5);
  for (const [p0 = NaN, detect = NaN, alpha = NaN, power = NaN, n] of golden.requiredSamples) {
    expect(requiredSamples({ p0, detect, alpha, power }), `p0 ${p0}`).toBe(n);
  }
});

test("the requests that earn a pass are enough, and one less is not", () => {
  const cases = fc.record({
    p0: fc.double({ min: 0.001, max: 0.2, noNaN: true }),
    times: fc.double({ min: 1.6, max: 5, noNaN: true }),
    alpha: fc.constantFrom(0.05, 0.01, 0.001),
    power: fc.constantFrom(0.8, 0.95),
  });
  fc.assert(
    fc.property(cases, ({ p0, times, alpha, power }) => {
      const detect = Math.min(1, p0 * times);
      const caught = (total: number): number => {
        let bad = 1;
        while (bad <= total && logE({ bad, total, p0 }) < Math.log(2 / alpha)) bad++;
        return binomialTail({ trials: total, p: detect, atLeast: bad });
      };
      const needed = requiredSamples({ p0, detect, alpha, power });
      expect(caught(needed)).toBeGreaterThanOrEqual(power);
      expect(caught(needed - 1)).toBeLessThan(power);
    }),
    { numRuns: 50 },
  );
});

test("no number of requests shows what isn't above the expected share", () => {
  expect(requiredSamples({ p0: 0.1, detect: 0.1, alpha: 0.01 })).toBe(Infinity);
  expect(requiredSamples({ p0: 0.2, detect: 0.1, alpha: 0.01 })).toBe(Infinity);
  expect(requiredSamples({ p0: 0.0999999, detect: 0.1, alpha: 0.01 })).toBe(Infinity);
});

test("dispersion agrees with SciPy's chi-square", () => {
  expect(golden.dispersion.length).toBeGreaterThan(1);
  for (const [pairs, expected] of golden.dispersion as [number[][], number][]) {
    const bins = pairs.map(([bad = NaN, total = NaN]) => ({ bad, total }));
    expect(dispersion([...bins, { bad: 0, total: 0 }])).toBeCloseTo(expected, 9);
  }
});

test("bins that say nothing about bursts have dispersion 1", () => {
  expect(dispersion([])).toBe(1);
  expect(dispersion([{ bad: 3, total: 10 }])).toBe(1);
  const even = { bad: 2, total: 50 };
  expect(dispersion([even, even, even])).toBe(1);
  const clean = { bad: 0, total: 50 };
  expect(dispersion([clean, clean])).toBe(1);
  const dead = { bad: 50, total: 50 };
  expect(dispersion([dead, dead])).toBe(1);
});

test("the comparison of two colors agrees with sixty digits", () => {
  expect(golden.twoSample.length).toBeGreaterThan(3);
  for (const [fresh, former, ratio, expected] of golden.twoSample as GoldenPair[]) {
    const newColor = { bad: fresh[0], total: fresh[1] };
    const formerColor = { bad: former[0], total: former[1] };
    expect(twoSample({ newColor, formerColor, ratio })).toBeCloseTo(expected, 9);
  }
});

type GoldenPair = [[number, number], [number, number], number, number];

test("an outage that hits both colors alike is no evidence against the new one", () => {
  const newColor = { bad: 100, total: 100 };
  expect(twoSample({ newColor, formerColor: { bad: 900, total: 900 } })).toBeLessThan(0);
  expect(twoSample({ newColor, formerColor: { bad: 9, total: 900 } })).toBeGreaterThan(100);
});

test("a color without traffic can't be compared", () => {
  const busy = { bad: 3, total: 9 };
  expect(twoSample({ newColor: busy, formerColor: { bad: 0, total: 0 } })).toBe(0);
  expect(twoSample({ newColor: { bad: 0, total: 0 }, formerColor: busy })).toBe(0);
});

test("several metrics are averaged, not multiplied", () => {
  expect(averageLogE([Math.log(3), Math.log(5)])).toBeCloseTo(Math.log(4), 12);
  expect(averageLogE([2000, -2000])).toBeCloseTo(2000 - Math.LN2, 9);
  expect(averageLogE([])).toBe(0);
});
