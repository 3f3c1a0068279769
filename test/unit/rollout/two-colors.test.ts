/** Evidence from two colors that serve at once: golden values, and what must not count. */

import { describe, expect, test } from "vitest";
import { twoSample } from "../../../automation/rollout/evidence.ts";
import { judgeStep } from "../../../automation/rollout/step-judgement.ts";
import type { StepGrounds } from "../../../automation/rollout/step-judgement.ts";
import { mixedAbsolute, mixedComparison } from "../../../automation/rollout/two-colors.ts";
import type { BothSeen } from "../../../automation/rollout/two-colors.ts";

const alpha = 0.01;

function seen(atMs: number, green: [number, number], blue: [number, number]): BothSeen {
  return {
    atMs,
    newColor: { bad: green[0], total: green[1] },
    formerColor: { bad: blue[0], total: blue[1] },
  };
}

/** The mean of the likelihood ratio over a flat prior on (theta0, 1], by Simpson's rule. */
function integrated(bad: number, total: number, theta0: number): number {
  const cells = 200_000;
  const width = (1 - theta0) / cells;
  let sum = 0;
  for (let index = 0; index <= cells; index++) {
    const theta = theta0 + index * width;
    const weight = index === 0 || index === cells ? 1 : index % 2 === 1 ? 4 : 2;
    sum += weight * (theta / theta0) ** bad * ((1 - theta) / (1 - theta0)) ** (total - bad);
  }
  return Math.log((sum * width) / 3 / (1 - theta0));
}

describe("the evidence of one window", () => {
  test.each([
    { green: [4, 10], blue: [0, 90], rho: 0.1 },
    { green: [12, 100], blue: [30, 900], rho: 0.1 },
    { green: [1, 50], blue: [3, 50], rho: 0.5 },
    { green: [20, 500], blue: [5, 500], rho: 0.5 },
    { green: [60, 900], blue: [0, 100], rho: 0.9 },
  ] as const)("is the integral: $green beside $blue", ({ green, blue, rho }) => {
    const theta0 = (rho * 1.5) / (rho * 1.5 + 1 - rho);
    const expected = integrated(green[0], green[0] + blue[0], theta0);
    const actual = twoSample({
      newColor: { bad: green[0], total: green[1] },
      formerColor: { bad: blue[0], total: blue[1] },
    });
    expect(actual).toBeCloseTo(expected, 6);
  });

  test("of errors of the new color alone has a closed form", () => {
    const theta0 = 0.15 / 1.05;
    const [{ logEvidence }] = [
      mixedComparison([seen(0, [4, 10], [0, 90])], { ratio: 1.5, phi: 1 }),
    ];
    const single = (1 - theta0 ** 5) / (5 * theta0 ** 4 * (1 - theta0));
    // One process has begun, with weight 1/2; the rest of the mixture counts as 1.
    expect(Math.exp(logEvidence)).toBeCloseTo(single / 2 + 1 / 2, 6);
  });
});

describe("the mixture", () => {
  const compare = { ratio: 1.5, phi: 1 };

  test("finds a late breakage that a long past with errors on both sides hides", () => {
    const past = Array.from({ length: 60 }, (_, i) =>
      seen(i * 10_000, [i, i * 100], [9 * i, i * 900]),
    );
    const [green, blue] = [past.at(-1)?.newColor, past.at(-1)?.formerColor];
    const broken = seen(
      600_000,
      [(green?.bad ?? 0) + 20, (green?.total ?? 0) + 60],
      [(blue?.bad ?? 0) + 4, (blue?.total ?? 0) + 540],
    );
    const { logEvidence, late } = mixedComparison([...past, broken], compare);
    expect(logEvidence).toBeGreaterThan(Math.log(100));
    expect(late).toBe(true);
    expect(twoSample(broken)).toBeLessThan(Math.log(100));
  });

  test("sees nothing in an outage of both that comes once the new color's share has grown", () => {
    const quiet = seen(60_000, [2, 600], [10, 5_400]);
    const outage = [
      seen(120_000, [602, 1_200], [610, 6_000]),
      seen(180_000, [1_202, 1_800], [1_210, 6_600]),
    ];
    const { logEvidence } = mixedComparison([seen(0, [0, 0], [0, 0]), quiet, ...outage], compare);
    expect(logEvidence).toBeLessThan(0.1);
    const absolute = mixedAbsolute([seen(0, [0, 0], [0, 0]), quiet, ...outage], {
      p0: 0.01,
      phi: 1,
    });
    expect(absolute.logEvidence).toBeLessThan(0.1);
  });

  test("counts bursts for less", () => {
    const burst = [seen(0, [8, 100], [0, 900])];
    const full = mixedComparison(burst, compare).logEvidence;
    expect(mixedComparison(burst, { ...compare, phi: 4 }).logEvidence).toBeLessThan(full / 2);
  });

  test("without any reading is no evidence", () => {
    expect(mixedComparison([], compare).logEvidence).toBe(0);
  });
});

describe("the absolute rule", () => {
  const rule = { p0: 0.01, phi: 1 };

  test("finds a new color with most of the traffic that fails alone", () => {
    const alone = [seen(0, [60, 60], [0, 20])];
    expect(mixedAbsolute(alone, rule).logEvidence).toBeGreaterThan(Math.log(1 / alpha));
  });

  test.each([
    ["both fail always", seen(0, [100, 100], [10, 10])],
    ["both fail often", seen(0, [60, 200], [30, 100])],
    ["the former color had no request to fail", seen(0, [50, 50], [0, 0])],
  ])("is silent where %s", (_name, both) => {
    expect(mixedAbsolute([both], rule).logEvidence).toBeLessThan(0.1);
  });
});

describe("a step", () => {
  const grounds: StepGrounds = {
    color: "green",
    former: "blue",
    alpha,
    steps: 2,
    detect: 0.1,
    p0: 0.01,
    phi: 1,
    slowness: null,
  };

  test("fails with the numbers of both colors side by side", () => {
    const errors = [seen(2_000, [14, 20], [1, 180])];
    const { verdict, sentence } = judgeStep(grounds, { errors, slow: [] });
    expect(verdict).toBe("fail");
    expect(sentence).toMatch(/^green had 14 errors in 20 requests, blue 1 in 180: evidence .*:1/);
  });

  test("passes once it has seen enough to have noticed, and says so otherwise", () => {
    const enough = [seen(2_000, [0, 400], [2, 3_600])];
    expect(judgeStep(grounds, { errors: enough, slow: [] }).verdict).toBe("pass");
    const few = judgeStep(grounds, { errors: [seen(2_000, [0, 3], [0, 27])], slow: [] });
    expect(few.verdict).toBe("inconclusive");
    expect(few.sentence).toMatch(/^green had 0 errors in 3 requests, blue 0 in 27: \d+ more are/);
  });

  test("fails by users alone, whose errors good answers to requests of our own would hide", () => {
    const errors = [seen(60_000, [8, 1_640], [0, 5_600])];
    const few = { ...grounds, comparable: false };
    expect(judgeStep(few, { errors, slow: [] }).verdict).toBe("pass");
    const users = [seen(60_000, [8, 40], [0, 4_000])];
    const { verdict, sentence } = judgeStep(few, { errors, slow: [], users });
    expect(verdict).toBe("fail");
    expect(sentence).toMatch(/^users alone: green had 8 errors in 40 requests, blue 0 in 4,000: /);
    const over = judgeStep(few, { errors, slow: [], users: [seen(60_000, [5, 40], [0, 4_000])] });
    expect(over.verdict).toBe("inconclusive");
    expect(over.sentence).toContain("; users alone: green had 5 errors in 40 requests");
    const well = judgeStep(few, { errors, slow: [], users: [seen(60_000, [0, 4], [0, 4])] });
    expect(well.verdict).toBe("pass");
  });

  test("asks for more evidence the more steps there are", () => {
    const errors = [seen(2_000, [4, 10], [0, 90])];
    expect(judgeStep({ ...grounds, steps: 1 }, { errors, slow: [] }).verdict).toBe("fail");
    expect(judgeStep({ ...grounds, steps: 10 }, { errors, slow: [] }).verdict).not.toBe("fail");
  });

  test("fails by latency beside the former color's, and not by a slowness that both share", () => {
    const slowness = { overMs: 32.4, p0: 0.1, phi: 1 };
    const errors = [seen(0, [0, 200], [0, 1_800])];
    const slow = [seen(0, [80, 200], [90, 1_800])];
    const slowed = judgeStep({ ...grounds, slowness }, { errors, slow });
    expect(slowed).toMatchObject({ verdict: "fail" });
    expect(slowed.sentence).toMatch(/^latency: green had 80 replies slower than 32.4 ms in 200/);
    const shared = { errors, slow: [seen(0, [80, 200], [720, 1_800])] };
    expect(judgeStep({ ...grounds, slowness }, shared).verdict).toBe("pass");
  });
});
