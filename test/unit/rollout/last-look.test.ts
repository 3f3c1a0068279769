/** How long a last look takes, by which rules, and when it has seen enough. */

import { describe, expect, test } from "vitest";
import {
  isEnough,
  lookMs,
  lookRules,
  servedBefore,
} from "../../../automation/rollout/last-look.ts";
import type { Looked } from "../../../automation/rollout/last-look.ts";
import { measuresOf } from "../../../automation/rollout/metrics-judgement.ts";
import { bakeRules, metricRule } from "../../../automation/rollout/metrics.ts";
import { settingsWith } from "../operations/baking.ts";

function rulesOf(bake: object, metrics: readonly object[] = []) {
  const of = { kind: "json", url: "http://127.0.0.1:1/", value: "v", upper: 5 };
  return settingsWith({
    bake: JSON.stringify(bake),
    metrics: JSON.stringify(metrics.map((each, index) => ({ ...of, name: `m${index}`, ...each }))),
    rollbackWindow: "24h",
  });
}

describe("a last look lasts", () => {
  test.each<readonly [string, object, readonly object[], number]>([
    ["for five readings of the router", { duration: "5m", interval: "2s" }, [], 10_000],
    ["no longer than the bake", { duration: "4s", interval: "2s" }, [], 4_000],
    ["no longer than half a minute", { duration: "1h", interval: "1m" }, [], 30_000],
    [
      "for as many readings as a metric takes to fail",
      { duration: "5m", interval: "1s" },
      [{ interval: "5s", consecutive: 4 }, { interval: "1s" }],
      20_000,
    ],
  ])("%s", (_name, bake, metrics, ms) => {
    expect(lookMs(rulesOf(bake, metrics))).toBe(ms);
  });
});

describe("a last look is over", () => {
  const settings = rulesOf({ duration: "5m", interval: "2s" });
  const looked: Looked = {
    verdict: "inconclusive",
    errors: 0,
    users: 0,
    answered: 3,
    elapsedMs: 2_000,
  };

  test.each<readonly [string, Partial<Looked>, boolean]>([
    ["after one interval where nobody comes", {}, true],
    ["also where we send none", { answered: null }, true],
    ["not before that", { elapsedMs: 1_999 }, false],
    ["not before our own are answered, as on a busy machine", { answered: 2 }, false],
    ["not while users come, as they may meet more than we do", { users: 1 }, false],
    ["not with an error of our own", { errors: 1 }, false],
    ["with a pass, however many users come", { verdict: "pass", users: 900, elapsedMs: 1 }, true],
    ["not with a pass beside errors", { verdict: "pass", users: 900, errors: 1 }, false],
  ])("%s", (_name, more, over) => {
    expect(isEnough({ ...looked, ...more }, settings)).toBe(over);
  });

  test("not before our own have asked for each path", () => {
    const paths = ["/", "/a", "/b", "/c"];
    const many = rulesOf({ interval: "2s", synthetic: { paths } });
    expect([isEnough(looked, many), isEnough({ ...looked, answered: 4 }, many)]).toEqual([
      false,
      true,
    ]);
  });

  test("not for want of users where a metric is still to be read", () => {
    expect(isEnough(looked, rulesOf({ duration: "5m" }, [{}]))).toBe(false);
    expect(isEnough({ ...looked, verdict: "pass" }, rulesOf({ duration: "5m" }, [{}]))).toBe(true);
  });
});

test("only what is left of the time after a switch isn't judged", () => {
  const settings = rulesOf({ duration: "5m", latency: { after: "5s" } }, [{ after: "1m" }]);
  const bakes = { bake: bakeRules(settings.bake), metrics: settings.metrics.map(metricRule) };
  const afters = (sinceSwitchMs: number) => {
    const { bake, metrics } = lookRules(bakes, { forMs: 9_000, sinceSwitchMs });
    expect(bake.durationMs).toBe(9_000);
    return [bake.latency.afterMs, ...metrics.map(({ afterMs }) => afterMs)];
  };
  expect(afters(4_000)).toEqual([1_000, 56_000]);
  expect(afters(3_600_000)).toEqual([0, 0]);
  expect(afters(Infinity)).toEqual([0, 0]);
});

test("latency isn't judged where the bake is too short for it", () => {
  const enabled = (duration: string) => {
    const { bake } = rulesOf({ duration, interval: "1s", latency: { after: "5s" } });
    const rules = lookRules({ bake, metrics: [] }, { forMs: 5_000, sinceSwitchMs: 60_000 });
    return rules.bake.latency.enabled;
  };
  expect([enabled("5s"), enabled("6s")]).toEqual([false, true]);
});

describe("what the idle color had served is the measure", () => {
  const measured = (before: Parameters<typeof servedBefore>[0]) => {
    const { bake } = rulesOf({});
    const boundsMs = [10, 100, 1_000];
    const rules = lookRules({ bake, metrics: [] }, { forMs: 10_000, sinceSwitchMs: 60_000 });
    return measuresOf({ color: "green", boundsMs, former: servedBefore(before), ...rules });
  };

  test("also where it failed: then the same rate is no reason to go back", () => {
    const { errors } = measured({ traffic: [10_000, 400] });
    expect(errors).toMatchObject({ source: "history" });
    expect(errors.p0).toBeGreaterThan(0.08);
  });

  test("in latency too, where the router tells it", () => {
    const { latency } = measured({ traffic: [5_000, 0], latency: [4_900, 90, 10] });
    expect(latency).toMatchObject({ overMs: 100 });
  });

  test("and where nothing was counted the error budget is", () => {
    expect(measured({ traffic: null, latency: [9] })).toMatchObject({
      errors: { source: "budget", p0: 0.01 },
      latency: { unjudged: "no reply of the former color was seen before the switch" },
    });
  });
});
