/** One verdict over errors, latency and further metrics, from readings alone. */
import { describe, expect, test } from "vitest";
import {
  judgeBake,
  measureSentences,
  measuresOf,
} from "../../../automation/rollout/metrics-judgement.ts";
import type {
  Grounds,
  MetricReading,
  MetricRule,
  Seen,
} from "../../../automation/rollout/metrics.ts";

const latency = { enabled: true, quantile: 0.95, detect: 0.5, ignoreBelowMs: 0, afterMs: 5_000 };
const bake = { alpha: 0.01, detect: 0.1, errorBudget: 0.001, durationMs: 60_000, latency };
const boundsMs = [10, 20, 40];

function grounds(change: Partial<Grounds> = {}): Grounds {
  return { color: "green", bake, metrics: [], boundsMs: null, former: [], ...change };
}

function rule(change: Partial<MetricRule>): MetricRule {
  return {
    ...{ name: "orders", reads: "counts", tolerateMs: 60_000, budget: null, detect: null },
    ...{ upper: null, lower: null, ofFormer: null, better: "lower", consecutive: 3, afterMs: 0 },
    ...change,
  };
}

/** A reading a second. */
function seconds(count: number, seen: (second: number) => Omit<Seen, "atMs">): Seen[] {
  return Array.from({ length: count }, (_, at) => ({ atMs: at * 1_000, ...seen(at) }));
}

const orders = (reading: MetricReading): Pick<Seen, "metrics"> => ({
  metrics: { orders: reading },
});
const calm = (at: number): Pick<Seen, "traffic"> => ({ traffic: [at * 20, 0] });

/** What blue served in a minute before the switch: 100 replies a second up to 10 ms. */
const former: readonly Seen[] = Array.from({ length: 61 }, (_, at) => ({
  atMs: (at - 60) * 1_000,
  traffic: [1_000 + at * 100, 0],
  latency: [900 + at * 100],
}));

test("without a history the sentence names how often the error budget may be exceeded", () => {
  const [sentence] = measureSentences(measuresOf(grounds({ former: [] })));
  expect(sentence).toBe("judged against 10 times the error budget: at most 1 % errors");
});

test("errors alone are judged as ever", () => {
  const seen = seconds(31, calm);
  const judged = judgeBake(grounds(), seen, { atMs: 30_000 });
  expect(judged).toMatchObject({ verdict: "pass", driver: null, requests: 600, errors: 0 });
  expect(judged.sentence).toBe(
    "0 errors in 600 requests where at most 1 % are expected: 129 are enough to find 10 % errors",
  );
});

test("errors of the former color in bursts make each error of the new one count for less", () => {
  const burst = (at: number): number => 60 * Math.floor(at / 25);
  const steady = (at: number): number => at;
  const of = (errors: (at: number) => number): Grounds =>
    grounds({
      former: Array.from({ length: 61 }, (_, at) => ({
        atMs: (at - 60) * 1_000,
        traffic: [at * 100, errors(at)],
      })),
    });
  expect(measuresOf(of(steady)).errors.phi).toBe(1);
  const { errors } = measuresOf(of(burst));
  expect(errors.phi).toBe(50);
  expect(measureSentences(measuresOf(of(burst)))[0]).toContain(
    "come in bursts, so each counts 0.02",
  );
  const bad: Seen[] = [{ atMs: 1_000, traffic: [100, 14] }];
  expect(judgeBake(of(steady), bad, { atMs: 1_000 }).verdict).toBe("fail");
  expect(judgeBake(of(burst), bad, { atMs: 1_000 }).verdict).toBe("inconclusive");
});

describe("latency", () => {
  const measured = grounds({ boundsMs, former });

  test("a release that has become slow fails, and the sentence names it", () => {
    const seen = seconds(12, (at) => ({
      traffic: [at * 20, 0],
      latency: [at * 8, at * 4, at * 8],
    }));
    const judged = judgeBake(measured, seen, { atMs: 11_000 });
    expect(judged).toMatchObject({ verdict: "fail", driver: "latency", errors: 0 });
    expect(judged.sentence).toMatch(
      /^latency: 72 replies slower than 10 ms in 120 replies where at most 10 % are expected: evid/,
    );
  });

  test("what is slow in the first seconds isn't held against it", () => {
    const seen = seconds(31, (at) => ({ traffic: [at * 20, 0], latency: [at * 20 - 20, 0, 20] }));
    expect(judgeBake(measured, seen, { atMs: 30_000 }).verdict).toBe("pass");
  });

  test("both must have been seen enough for a pass, and both are told", () => {
    const seen = seconds(31, (at) => ({ traffic: [at * 20, 0], latency: [at * 20] }));
    const { verdict, sentence } = judgeBake(measured, seen, { atMs: 30_000 });
    expect(verdict).toBe("pass");
    expect(sentence).toMatch(/^0 errors in 600 requests .*; latency: 0 replies slower than 10 ms/);
    const early = judgeBake(measured, seen.slice(0, 6), { atMs: 5_000 });
    expect(early).toMatchObject({ verdict: "inconclusive", driver: "errors" });
    expect(early.sentence).toContain("latency: no replies yet");
  });

  test("two metrics share one alpha: each needs twice the evidence", () => {
    const errors = (bad: number): Seen[] => [{ atMs: 6_000, traffic: [60, bad], latency: [60] }];
    const alone = [3, 4, 5, 6, 7].find(
      (bad) => judgeBake(grounds({ former }), errors(bad), { atMs: 6_000 }).verdict === "fail",
    );
    const shared = [3, 4, 5, 6, 7].find(
      (bad) => judgeBake(measured, errors(bad), { atMs: 6_000 }).verdict === "fail",
    );
    expect(alone).toBeLessThanOrEqual(shared ?? NaN);
    const { metrics } = judgeBake(measured, errors(30), { atMs: 6_000 });
    expect(metrics.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["errors", "fail"],
      ["latency", "inconclusive"],
    ]);
  });

  test("a router that restarted goes on being judged", () => {
    const counts = (at: number): number => (at < 15 ? at : at - 15) * 20;
    const seen = seconds(31, (at) => ({ traffic: [counts(at), 0], latency: [counts(at)] }));
    expect(judgeBake(measured, seen, { atMs: 30_000 }).verdict).toBe("pass");
  });

  test.each([
    [{ boundsMs: null }, "the router doesn't measure it per color"],
    [{ former: [] }, "no reply of the former color was seen before the switch"],
    [{ bake: { ...bake, durationMs: 5_000 } }, "the bake is over within 5s"],
    [{ bake: { ...bake, latency: { ...latency, enabled: false } } }, "`bake.latency.enabled` is"],
  ])("isn't judged where it can't be, and says so: %j", (change, why) => {
    const known = { ...measured, ...change };
    expect(measureSentences(measuresOf(known))[1]).toContain(`latency isn't judged: ${why}`);
    const seen = seconds(31, (at) => ({ traffic: [at * 20, 0], latency: [0, 0, at * 20] }));
    expect(judgeBake(known, seen, { atMs: 30_000 }).verdict).toBe("pass");
  });
});

describe("counts of a metric", () => {
  const known = grounds({ metrics: [rule({})] });

  test("count from the first reading after the switch", () => {
    const seen = seconds(31, (at) => ({
      ...calm(at),
      ...orders({ bad: 900, total: 1_000 + at * 10 }),
    }));
    const judged = judgeBake(known, seen, { atMs: 30_000 });
    expect(judged.verdict).toBe("pass");
    expect(judged.sentence).toContain("orders: 0 bad ones in 300 counted where at most 1 %");
  });

  test("fail the release by themselves", () => {
    const seen = seconds(11, (at) => ({ ...calm(at), ...orders({ bad: at, total: at * 10 }) }));
    const judged = judgeBake(known, seen, { atMs: 10_000 });
    expect(judged).toMatchObject({ verdict: "fail", driver: "orders" });
    expect(judged.sentence).toMatch(/^orders: 10 bad ones in 100 counted/);
  });

  test("are measured by the former color's own, where it was read", () => {
    const before = former.map(({ atMs }, at) => ({
      atMs,
      ...orders({ bad: at * 5, total: at * 100 }),
    }));
    const seen = seconds(11, (at) => ({ ...calm(at), ...orders({ bad: at, total: at * 10 }) }));
    const judged = judgeBake({ ...known, former: before }, seen, { atMs: 10_000 });
    expect(judged.verdict).toBe("inconclusive");
  });

  test("a sum that fell, as one of several counters began anew, invents nothing", () => {
    const seen = seconds(31, (at) => {
      const lost = at < 15 ? 0 : 500;
      return { ...calm(at), ...orders({ bad: 100 - lost / 10, total: 1_000 + at * 10 - lost }) };
    });
    const judged = judgeBake(known, seen, { atMs: 30_000 });
    expect(judged.verdict).toBe("pass");
    expect(judged.sentence).toContain("orders: 0 bad ones in 290 counted");
  });

  test("too few of them are inconclusive, whatever the errors say", () => {
    const seen = seconds(31, (at) => ({ ...calm(at), ...orders({ bad: 0, total: at }) }));
    const judged = judgeBake(known, seen, { atMs: 30_000 });
    expect(judged).toMatchObject({ verdict: "inconclusive", driver: "orders" });
  });

  test("without a counting router the metrics alone are judged, and that is said", () => {
    const seen = seconds(41, (at) => ({ traffic: null, ...orders({ bad: 0, total: at * 10 }) }));
    const judged = judgeBake(known, seen, { atMs: 40_000 });
    expect(judged.verdict).toBe("pass");
    expect(judged.sentence).toMatch(/^traffic can't be counted here; orders: 0 bad ones in 400/);
    expect(judgeBake(grounds(), seen, { atMs: 40_000 })).toMatchObject({
      verdict: "inconclusive",
      sentence: "traffic can't be counted here, nothing was judged",
    });
  });
});

test("a router that can't be asked at last keeps the bake from passing", () => {
  const seen = [...seconds(31, calm), { atMs: 31_000, traffic: null }];
  expect(judgeBake(grounds(), seen, { atMs: 31_000 }).verdict).toBe("inconclusive");
});

describe("a source that doesn't answer", () => {
  const known = grounds({ metrics: [rule({ tolerateMs: 10_000 })] });
  const down = { error: "connection refused" };

  test("is borne for a while, and the counts go on after it", () => {
    const seen = seconds(31, (at) => ({
      ...calm(at),
      ...orders(at > 10 && at < 19 ? down : { bad: 0, total: at * 30 }),
    }));
    expect(judgeBake(known, seen.slice(0, 18), { atMs: 17_000 }).verdict).toBe("pass");
    expect(judgeBake(known, seen, { atMs: 30_000 }).verdict).toBe("pass");
  });

  test("is inconclusive when it lasts, never a pass", () => {
    const seen = seconds(41, (at) => ({
      ...calm(at),
      ...orders(at > 25 ? down : { bad: 0, total: at * 10 }),
    }));
    const judged = judgeBake(known, seen, { atMs: 40_000 });
    expect(judged).toMatchObject({ verdict: "inconclusive", driver: "orders" });
    expect(judged.sentence).toBe("orders: no reading for 15s: connection refused");
  });

  test("is an error until then, where it never answered", () => {
    const seen = seconds(6, (at) => ({ ...calm(at * 10), ...orders(down) }));
    const judged = judgeBake(known, seen, { atMs: 5_000 });
    expect(judged.verdict).toBe("inconclusive");
    expect(judged.metrics[1]).toEqual({
      name: "orders",
      verdict: "error",
      sentence: "orders can't be read: connection refused",
    });
  });
});

describe("a value", () => {
  const limited = (change: Partial<MetricRule>): Grounds =>
    grounds({ metrics: [rule({ reads: "value", ...change })] });
  const values = (...all: readonly number[]): Seen[] =>
    all.map((value, at) => ({ atMs: at * 1_000, ...calm(at * 50), ...orders({ value }) }));
  const judged = (known: Grounds, seen: readonly Seen[]) =>
    judgeBake(known, seen, { atMs: seen.at(-1)?.atMs ?? 0 });

  test("fails only when it is beyond its limit several times in a row", () => {
    const known = limited({ upper: 10 });
    expect(judged(known, values(5, 11, 12, 9, 8, 7)).verdict).toBe("pass");
    const bad = judged(known, values(5, 11, 12, 13, 5, 5));
    expect(bad).toMatchObject({ verdict: "fail", driver: "orders" });
    expect(bad.sentence).toBe("orders: 3 readings in a row beyond at most 10: 11, 12, 13");
  });

  test("passes only with as many readings, and a good one at last", () => {
    const known = limited({ lower: 10 });
    expect(judged(known, values(20, 30)).sentence).toContain("2 of the 3 readings that it takes");
    expect(judged(known, values(20, 30, 9)).verdict).toBe("inconclusive");
    expect(judged(known, values(20, 30, 40)).sentence).toContain(
      "orders: 40 at last, 3 readings within at least 10",
    );
  });

  test("may be limited by the former color's own value", () => {
    const known = limited({ ofFormer: 0.8, better: "higher" });
    const before = [90, 110, 100].map((value, at) => ({ atMs: at - 9, ...orders({ value }) }));
    const of = (...all: readonly number[]) => judged({ ...known, former: before }, values(...all));
    expect(of(81, 85, 90).verdict).toBe("pass");
    expect(of(81, 79, 78, 70).sentence).toBe(
      "orders: 3 readings in a row beyond at least 80 (80 % of the former color's 100): 79, 78, 70",
    );
    expect(judged(known, values(81, 85, 90)).sentence).toContain("before the switch isn't known");
    expect(judged(known, values(81, 85, 90)).verdict).toBe("inconclusive");
  });

  test("says nothing in the time after the switch that it is given", () => {
    const known = limited({ lower: 10, afterMs: 3_000 });
    expect(judged(known, values(0, 0, 0, 20, 20, 20)).verdict).toBe("pass");
  });

  test("an error of its source neither breaks a row nor makes one", () => {
    const known = limited({ upper: 10 });
    const gap = { atMs: 1_500, ...orders({ error: "down" }) };
    const seen = [...values(5, 11, 12), gap, ...values(0, 0, 0, 13).slice(3)];
    expect(judged(known, seen).verdict).toBe("fail");
    expect(judged(known, [gap, gap, gap, gap]).verdict).toBe("inconclusive");
  });
});

describe("users alone, among good answers to requests of our own", () => {
  const judged = (users: readonly [number, number]) =>
    judgeBake(grounds(), [{ atMs: 60_000, traffic: [2_000 + users[0], users[1]], users }], {
      atMs: 60_000,
    });

  test("need not be many for a pass", () => {
    expect(judged([3, 0])).toMatchObject({ verdict: "pass", driver: null });
    expect(judged([3, 0]).sentence).not.toContain("users alone");
  });

  test("fail the release by what they meet", () => {
    const { verdict, driver, sentence } = judged([60, 12]);
    expect({ verdict, driver }).toEqual({ verdict: "fail", driver: "errors of users" });
    expect(sentence).toMatch(/^users alone: 12 errors in 60 requests/);
  });

  test("keep it from passing where they are over their limit, though together it is none", () => {
    expect(judged([45, 5])).toMatchObject({
      verdict: "inconclusive",
      sentence: "users alone: 5 errors in 45 requests are too many for a pass",
      users: { requests: 45, errors: 5, over: true },
    });
  });
});

describe("requests of our own, by how they really ended", () => {
  const judged = (
    own: readonly [number, number],
    traffic: readonly [number, number] = [2_000, 0],
  ) => judgeBake(grounds(), [{ atMs: 60_000, traffic, own }], { atMs: 60_000 });

  test("need not be many for a pass, and a few that fail don't keep it away", () => {
    expect(judged([0, 0])).toMatchObject({ verdict: "pass", own: { requests: 0, isHigh: false } });
    expect(judged([3, 0]).sentence).not.toContain("own requests");
    expect(judged([400, 4])).toMatchObject({ verdict: "pass", own: { isHigh: false } });
    expect(judged([100, 2])).toMatchObject({ verdict: "pass", own: { isHigh: true, over: false } });
  });

  test("fail the release where the router counted nothing bad", () => {
    const { verdict, driver, sentence } = judged([40, 20]);
    expect({ verdict, driver }).toEqual({ verdict: "fail", driver: "own requests" });
    expect(sentence).toMatch(/^own requests: 20 failures in 40 requests where at most 1 % are exp/);
  });

  test("take one or two more than errors alone, where none of them is answered", () => {
    const first = (of: (count: number) => Seen) =>
      [1, 2, 3, 4, 5, 6].find((count) => {
        return judgeBake(grounds(), [of(count)], { atMs: 1_000 }).verdict === "fail";
      }) ?? NaN;
    const counted = first((count) => ({ atMs: 1_000, traffic: [count, count] }));
    const ours = first((count) => ({ atMs: 1_000, traffic: [0, 0], own: [count, count] }));
    expect(ours - counted).toBeGreaterThanOrEqual(1);
    expect(ours - counted).toBeLessThanOrEqual(2);
  });

  test("keep it from passing where they are too many, and too few to send it back", () => {
    expect(judged([200, 8])).toMatchObject({
      verdict: "inconclusive",
      driver: "own requests",
      sentence: "own requests: 8 failures in 200 are too many for a pass",
      own: { requests: 200, errors: 8, isHigh: true, over: true },
    });
  });

  test("hardly make a fail of errors harder, which names these", () => {
    const without = [3, 4, 5, 6, 7].find((bad) => {
      return (
        judgeBake(grounds(), [{ atMs: 1, traffic: [60, bad] }], { atMs: 1 }).verdict === "fail"
      );
    });
    const beside = [3, 4, 5, 6, 7].find((bad) => judged([0, 0], [60, bad]).verdict === "fail");
    expect(beside).toBe(without);
    expect(judged([20, 0], [60, beside ?? NaN]).driver).toBe("errors");
  });
});
