/** A bake that also reads metrics: slow and silent sources, and what is written down. */
import { expect, test } from "vitest";
import type { MetricSource } from "../../../automation/metrics/source.ts";
import { judgeBake } from "../../../automation/rollout/metrics-judgement.ts";
import type { MetricReading } from "../../../automation/rollout/metrics.ts";
import { baking, counted, settingsWith } from "./baking.ts";

const metric = {
  ...{ kind: "json", name: "orders", url: "http://127.0.0.1:1" },
  ...{ bad: "bad", total: "total", interval: "2s", tolerate: "10s" },
};
const settings = settingsWith({ metrics: JSON.stringify([metric]) });

function source(ask: MetricSource["ask"], intervalMs = 2_000): MetricSource {
  return { name: "orders", intervalMs, ask };
}

/** Grows by ten at each reading. */
function growing(bad = 0): MetricSource {
  let readings = 0;
  return source(() => {
    readings += 1;
    return Promise.resolve({ bad: bad * readings, total: 50 * readings });
  });
}

test("passes when errors and the metric pass", async () => {
  const { world, clock, bake, view } = baking({}, { settings, sources: [growing()] });
  const result = bake.judge(view, "green", 0);
  world.green = counted(1_100, 3);
  await clock.advance(33_000);
  expect((await result).verdict).toBe("pass");
  expect((await result).sentence).toContain("orders: 0 bad ones in");
});

test("a metric alone rolls the release back, and the reason names it", async () => {
  const { world, clock, bake, view } = baking({}, { settings, sources: [growing(10)] });
  const result = bake.judge(view, "green", 0);
  world.green = counted(1_100, 3);
  await clock.advance(10_000);
  expect((await result).verdict).toBe("fail");
  expect((await result).sentence).toMatch(/^orders: \d+ bad ones/);
});

test("a source that never answers doesn't hold the errors up", async () => {
  const silent = source(() => new Promise<MetricReading>(() => undefined));
  const { world, clock, bake, view } = baking({}, { settings, sources: [silent] });
  const result = bake.judge(view, "green", 0);
  await clock.advance(1_000);
  world.green = counted(160, 43);
  await clock.advance(1_500);
  expect(await result).toMatchObject({ verdict: "fail" });
});

test("a source that is down holds the color, and never passes", async () => {
  const down = source(() => Promise.resolve({ error: "connection refused" }));
  const { world, clock, bake, view } = baking({}, { settings, sources: [down] });
  const result = bake.judge(view, "green", 0);
  world.green = counted(1_100, 3);
  await clock.advance(33_000);
  expect(await result).toEqual({
    verdict: "inconclusive",
    sentence: "orders: no reading for 30s: connection refused",
  });
});

test("nobody is asked any more after the bake", async () => {
  let asked = 0;
  const counting = source(() => {
    asked += 1;
    return Promise.resolve({ bad: 0, total: 100 * asked });
  });
  const { world, clock, bake, view } = baking({}, { settings, sources: [counting] });
  const result = bake.judge(view, "green", 0);
  world.green = counted(1_100, 3);
  await clock.advance(33_000);
  await result;
  await bake.end();
  const before = asked;
  await clock.advance(60_000);
  expect(asked).toBe(before);
});

test("the color that is left is read until the switch, and is the measure", async () => {
  let readings = 0;
  const bad = source(({ color }) => {
    readings += 1;
    const share = color === "blue" ? 0.3 : 0.35;
    return Promise.resolve({ bad: Math.round(100 * share) * readings, total: 100 * readings });
  });
  const options = { settings, sources: [bad], sampleEveryMs: 1_000 };
  const { world, clock, bake, view } = baking({ active: "blue" }, options);
  bake.begin({ ...view, record: { ...view.record, rollout: null } });
  await clock.advance(20_500);
  world.active = "green";
  const result = bake.judge(view, "green", 20_500);
  world.green = counted(1_100, 3);
  await clock.advance(33_000);
  expect((await result).verdict).toBe("inconclusive");
  expect((await result).sentence).toMatch(/^orders: .* where at most 50 % are expected/);
});

test("what is written down gives the same judgements again", async () => {
  const { world, events, clock, bake, view } = baking({}, { settings, sources: [growing()] });
  const result = bake.judge(view, "green", 0);
  world.green = counted(600, 4);
  await clock.advance(33_000);
  await result;
  const log = JSON.parse(JSON.stringify(events)) as typeof events;
  const grounds = log.flatMap((event) => (event.kind === "Measured" ? [event.grounds] : []))[0];
  const looks = log.filter((event) => event.kind === "Judged");
  expect(looks.length).toBeGreaterThan(10);
  if (!grounds) throw new Error("no grounds were written down");
  looks.forEach(({ verdict, sentence, atMs = NaN }, index) => {
    const seen = looks.slice(0, index + 1).flatMap((look) => look.seen ?? []);
    expect(judgeBake(grounds, seen, { atMs })).toMatchObject({ verdict, sentence });
  });
});
