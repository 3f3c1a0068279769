/** Simulated rollouts: how often a good release is rolled back, and how fast a bad one is. */
import { expect, test } from "vitest";
import {
  judge,
  logMixtureE,
  requiredSamples,
  twoSample,
} from "../../automation/rollout/evidence.ts";
import type { Sample } from "../../automation/rollout/evidence.ts";
import { nullRate } from "../../automation/rollout/yardstick.ts";
import { median, tolerated, uniformNumbers } from "../support/chance.ts";

const seed = Number(process.env["SEED"] ?? 20_240_611);
console.log(`evidence simulation: SEED=${seed}`);

const alpha = 0.01;

function random(stream: number): () => number {
  return uniformNumbers({ seed, stream });
}

interface Service {
  readonly requests: number;
  readonly perSecond: number;
  readonly p0: number;
  /** Error rate of the request with this number, from 0. */
  readonly rate: (request: number) => number;
  readonly uniform: () => number;
  readonly restartMs?: number;
}

/**
 * Requests until the release fails, with a look at each of them; null if it never does. Looks
 * after good requests are left out, as those never raise the evidence (a unit test says so).
 */
function requestsUntilFail(service: Service): number | null {
  const { requests, perSecond, p0, rate, uniform, restartMs = 30_000 } = service;
  const samples: Sample[] = [{ atMs: 0, requests: 0, errors: 0 }];
  let errors = 0;
  for (let request = 0; request < requests; request++) {
    const bad = uniform() < rate(request);
    if (bad) errors++;
    samples.push({ atMs: ((request + 1) * 1000) / perSecond, requests: request + 1, errors });
    if (bad && logMixtureE({ samples, p0, restartMs }) >= -Math.log(alpha)) return request + 1;
  }
  return null;
}

function simulate(runs: number, stream: number, run: (uniform: () => number) => number | null) {
  const uniform = random(stream);
  return Array.from({ length: runs }, () => run(uniform));
}

test.each([
  { p0: 0.01, perSecond: 2 },
  { p0: 0.05, perSecond: 5 },
  { p0: 0.3, perSecond: 1 },
])(
  "a release at the limit of $p0 is rolled back in at most 1 % of bakes, with a look each request",
  ({ p0, perSecond }) => {
    const runs = 2000;
    const results = simulate(runs, 1 + p0, (uniform) =>
      requestsUntilFail({ requests: 300, perSecond, p0, rate: () => p0, uniform }),
    );
    const alarms = results.filter((result) => result !== null).length;
    expect(alarms).toBeLessThanOrEqual(tolerated(runs, alpha));
  },
);

test("a release as good as the former color is hardly ever rolled back", () => {
  const { p0 } = nullRate({ history: { bad: 20, total: 20_000 } });
  const results = simulate(2000, 2, (uniform) =>
    requestsUntilFail({ requests: 600, perSecond: 10, p0, rate: () => 0.001, uniform }),
  );
  expect(results.filter((result) => result !== null).length).toBeLessThanOrEqual(4);
});

test("a rise from 0.1 % to 10 % errors is found within about 40 requests", () => {
  const { p0 } = nullRate({ history: { bad: 20, total: 20_000 } });
  const results = simulate(1000, 3, (uniform) =>
    requestsUntilFail({ requests: 1000, perSecond: 10, p0, rate: () => 0.1, uniform }),
  );
  console.log(`0.1 % -> 10 %: median ${median(results)} requests`);
  expect(median(results)).toBeGreaterThan(20);
  expect(median(results)).toBeLessThan(50);
});

test("the requests that earn a pass find a bad release as often as they promise", () => {
  const p0 = 0.01;
  const requests = requiredSamples({ p0, detect: 0.1, alpha });
  const results = simulate(2000, 4, (uniform) =>
    requestsUntilFail({ requests, perSecond: 3, p0, rate: () => 0.1, uniform }),
  );
  const found = results.filter((result) => result !== null).length / results.length;
  expect(found).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / results.length));
});

test("a total outage from the start is found within 5 requests, whatever was expected", () => {
  for (const p0 of [0.005, 0.01, 0.05]) {
    const found = requestsUntilFail({
      requests: 20,
      perSecond: 10,
      p0,
      rate: () => 1,
      uniform: random(5),
    });
    expect(found, `p0 ${p0}`).toBeLessThanOrEqual(5);
  }
});

test("an outage after 2,000 good requests is found within a second, or within 15 requests", () => {
  const p0 = 0.01;
  for (const perSecond of [2, 10, 50, 200]) {
    for (const later of [0, 7, 14, 21, 29]) {
      const good = 2000 + later * perSecond;
      const rate = (request: number): number => (request < good ? 0 : 1);
      const service = { requests: good + 500, perSecond, p0, rate, uniform: random(6) };
      const found = requestsUntilFail(service);
      expect(found, `${perSecond}/s after ${good}`).toBeGreaterThan(good);
      expect(found, `${perSecond}/s after ${good}`).toBeLessThanOrEqual(
        good + Math.max(15, perSecond),
      );
    }
  }
});

test("without restarts the same outage stays hidden for three times as long", () => {
  const service = { requests: 2500, perSecond: 10, p0: 0.01, uniform: random(6) };
  const rate = (request: number): number => (request < 2000 ? 0 : 1);
  const restarted = (requestsUntilFail({ ...service, rate }) ?? NaN) - 2000;
  const single = (requestsUntilFail({ ...service, rate, restartMs: 1e9 }) ?? NaN) - 2000;
  expect(single).toBeGreaterThan(3 * restarted);
});

test("a healthy bake passes, once it has the requests", () => {
  const uniform = random(7);
  const samples: Sample[] = [{ atMs: 0, requests: 0, errors: 0 }];
  let errors = 0;
  for (let request = 1; request <= 400; request++) {
    if (uniform() < 0.001) errors++;
    samples.push({ atMs: request * 500, requests: request, errors });
  }
  const verdicts = samples.map(
    (_, index) => judge({ samples: samples.slice(0, index + 1), p0: 0.01 }).verdict,
  );
  expect(verdicts.indexOf("pass")).toBe(judge({ samples, p0: 0.01 }).needed);
  expect(verdicts).not.toContain("fail");
});

test("outages of something shared alarm the comparison of two colors in at most 1 % of steps", () => {
  const runs = 2000;
  const results = simulate(runs, 8, (uniform) => {
    const newColor = { bad: 0, total: 0 };
    const formerColor = { bad: 0, total: 0 };
    for (let request = 1; request <= 400; request++) {
      const color = uniform() < 0.1 ? newColor : formerColor;
      const rate = request > 100 && request < 300 ? 0.8 : 0.01;
      color.total++;
      if (uniform() >= rate) continue;
      color.bad++;
      if (twoSample({ newColor, formerColor }) >= -Math.log(alpha)) return request;
    }
    return null;
  });
  expect(results.filter((result) => result !== null).length).toBeLessThanOrEqual(
    tolerated(runs, alpha),
  );
});
