/** What a dry run of the metrics says of one color. */
import { expect, test } from "vitest";
import { rehearse } from "../../../automation/metrics/rehearsal.ts";
import type { MetricSource } from "../../../automation/metrics/source.ts";
import type { MetricReading } from "../../../automation/rollout/metrics.ts";
import type { ColorTraffic } from "../../../infra/model.ts";
import { counted, healthy, reading, settingsWith } from "../operations/baking.ts";

const url = "http://127.0.0.1:1";
const settings = settingsWith({
  bake: JSON.stringify({ duration: "10m" }),
  metrics: JSON.stringify([
    { kind: "json", name: "orders", url, bad: "bad", total: "total" },
    { kind: "json", name: "queue", url, value: "queue", upper: 10 },
  ]),
});

async function rehearsed(
  readings: Readonly<Record<string, MetricReading>>,
  { blue = counted(1_000, 1), counts = true }: { blue?: ColorTraffic; counts?: boolean } = {},
) {
  const sources: MetricSource[] = Object.entries(readings).map(([name, found]) => ({
    ...{ name, intervalMs: 1_000, ask: () => Promise.resolve(found) },
  }));
  const world = { green: counted(0, 0), blue, target: healthy, active: "blue", counts } as const;
  const found = await rehearse({
    ...{ settings, sources, reading: reading(world) },
    subject: { color: "blue", version: "1" },
    signal: new AbortController().signal,
  });
  return Object.fromEntries(found.map((each) => [each.name, each]));
}

const good = { orders: { bad: 1, total: 900 }, queue: { value: 4 } };

test("each metric is judged by its present reading, errors and latency too", async () => {
  const latency = { boundsMs: [10, 20], counts: [900, 100, 0] };
  const { errors, ...found } = await rehearsed(good, { blue: { ...counted(1_000, 1), latency } });
  expect(errors).toMatchObject({ verdict: "pass", reading: null });
  expect(errors?.sentence).toContain("1 errors in 1,000 requests");
  expect(found["latency"]?.sentence).toBe(
    "latency: a successor may have at most 10 % of its replies slower than 20 ms",
  );
  expect(found["orders"]).toMatchObject({ verdict: "pass", reading: { bad: 1, total: 900 } });
  expect(found["queue"]?.sentence).toBe("queue: 4 at last, 1 reading within at most 10");
});

test("what would fail is told, with its reading", async () => {
  const found = await rehearsed({ ...good, queue: { value: 40 } });
  expect(found["queue"]).toMatchObject({ verdict: "fail", reading: { value: 40 } });
  const bad = await rehearsed({ ...good, orders: { bad: 300, total: 900 } });
  expect(bad["orders"]).toMatchObject({ verdict: "fail" });
});

test("a count of bad ones that nothing is found of is said to be assumed", async () => {
  const found = await rehearsed({ ...good, orders: { bad: 0, total: 900, assumed: true } });
  expect(found["orders"]?.sentence).toMatch(/`bad` finds nothing, which counts as 0/);
  const whole = await rehearsed({ ...good, orders: { bad: 0, total: 900 } });
  expect(whole["orders"]?.sentence).not.toContain("finds nothing");
});

test("a source that can't be read is an error", async () => {
  const found = await rehearsed({ ...good, orders: { error: "connection refused" } });
  expect(found["orders"]).toMatchObject({
    verdict: "error",
    sentence: "orders can't be read: connection refused",
  });
});

test("what the router doesn't measure is said", async () => {
  const found = await rehearsed(good, { counts: false });
  expect(found["errors"]?.verdict).toBe("inconclusive");
  expect(found["latency"]?.sentence).toContain("the router doesn't measure it per color");
  expect(found["orders"]?.verdict).toBe("pass");
});
