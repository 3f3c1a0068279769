/** Metrics of the user's own in a step of a shift: bad, shared, silent, and beyond a limit. */

import { describe, expect, test } from "vitest";
import type { MetricSource } from "../../../automation/metrics/source.ts";
import type { Event } from "../../../automation/event.ts";
import { RouterBake } from "../../../automation/operations/bake.ts";
import type { WatchStep } from "../../../automation/rollout/action.ts";
import type { MetricReading } from "../../../automation/rollout/metrics.ts";
import type { Color } from "../../../infra/model.ts";
import { VirtualClock } from "../checks/virtual-clock.ts";
import { baking, counted, reading, settingsWith } from "./baking.ts";

const step: WatchStep = {
  kind: "Watch",
  color: "green",
  former: "blue",
  sinceMs: 0,
  weight: 10,
  forMs: 20_000,
  step: 1,
  steps: 1,
};

const counts = { bad: "/bad", total: "/total" };
const value = { value: "/value", upper: 10, after: "0s", interval: "1s" };

/** A step with plenty of good requests, and one metric that says of a color what it is told to. */
function metered(
  places: Readonly<Record<string, string | number>>,
  says: (color: Color, nowMs: number) => MetricReading,
  { perColor = true, takenOverMs = 0 } = {},
) {
  const { view, world } = baking();
  const clock = new VirtualClock();
  const events: Event[] = [];
  const metric = { kind: "json", name: "orders", url: "http://stats/{color}", ...places };
  const source: MetricSource = {
    name: "orders",
    intervalMs: 1_000,
    perColor,
    ask: ({ color }) => Promise.resolve(says(color, clock.now())),
  };
  const bake = new RouterBake({
    settings: settingsWith({ metrics: JSON.stringify([{ tolerate: "30s", ...metric }]) }),
    clock,
    read: () => {
      world.green = counted(world.green.requests + 50, world.green.errors);
      world.blue = counted(world.blue.requests + 450, world.blue.errors);
      return Promise.resolve({ ...reading(world), weights: { blue: 90, green: 10 } });
    },
    on: (event) => events.push(event),
    interrupted: () => false,
    formerFails: () => Promise.resolve(false),
    answers: () => Promise.resolve(true),
    sources: [source],
    sampleEveryMs: 1_000,
  });
  const judged = async () => {
    await clock.advance(takenOverMs);
    const { rollout } = view.record;
    const shifting = rollout && { ...rollout, phase: "shift" as const, baseline: null };
    bake.begin({ ...view, record: { ...view.record, rollout: shifting } });
    const watched = bake.judgeStep(view, step);
    const state = { over: false };
    const end = () => {
      state.over = true;
    };
    watched.then(end, end);
    for (let second = 0; !state.over && second < 90; second += 1) await clock.advance(1_000);
    await bake.end();
    return watched;
  };
  return { judged, clock, events };
}

/** Counts that grow by 20 a second, this share of them bad. */
const growing = (share: number, nowMs: number) => {
  const total = nowMs / 50;
  return { total, bad: Math.floor(total * share) };
};

describe("counts", () => {
  test("that are bad of the new color fail the step, and the sentence names them", async () => {
    const { judged, clock } = metered(counts, (color, now) =>
      growing(color === "green" ? 0.5 : 0, now),
    );
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("fail");
    expect(sentence).toMatch(/^orders: \d+ bad ones in \d+ counted .*: evidence/);
    expect(clock.now()).toBeLessThan(10_000);
  });

  test("that are bad of both colors don't, and neither is it a pass", async () => {
    const { judged, clock } = metered(counts, (_, now) => growing(0.5, now));
    expect((await judged()).verdict).not.toBe("fail");
    expect(clock.now()).toBeGreaterThanOrEqual(20_000);
  });

  test("of a source that can't tell the colors apart are judged by themselves", async () => {
    const { judged } = metered(counts, (_, now) => growing(0.5, now), { perColor: false });
    expect((await judged()).verdict).toBe("fail");
  });

  test("that are good pass with the step", async () => {
    const { judged, clock } = metered(counts, (_, now) => growing(0, now));
    expect((await judged()).verdict).toBe("pass");
    expect(clock.now()).toBe(20_000);
  });

  test("too few of them leave the step open", async () => {
    const { judged } = metered(counts, () => ({ bad: 0, total: 5 }));
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("inconclusive");
    expect(sentence).toContain("orders: no counted yet");
  });
});

describe("a value", () => {
  test("that grows with traffic is left to the bake, which a note says", async () => {
    const limits = { value: "/value", after: "0s", interval: "1s", better: "higher" };
    const { judged, events } = metered({ ...limits, lower: 50, ofFormer: 0.8 }, (color) => ({
      value: color === "green" ? 10 : 90,
    }));
    expect((await judged()).verdict).toBe("pass");
    const notes = events.flatMap((event) => (event.kind === "Noted" ? [event.sentence] : []));
    expect(notes.filter((note) => note.includes("left to the bake"))).toEqual([
      "`lower` of orders, `ofFormer` of orders: left to the bake, " +
        "as a share of the traffic changes such a value",
    ]);
  });

  test("beyond its limit fails the step, unless the former color's is as well", async () => {
    const alone = metered(value, (color) => ({ value: color === "green" ? 50 : 1 }));
    expect(await alone.judged()).toMatchObject({
      verdict: "fail",
      sentence: expect.stringContaining("orders: 3 readings in a row beyond at most 10") as string,
    });
    const both = await metered(value, () => ({ value: 50 })).judged();
    expect(both.verdict).toBe("inconclusive");
    expect(both.sentence).toContain("the former color's as well");
  });
});

describe("a source that can't be read", () => {
  test("holds the step, and fails it closed once that lasts longer than is borne", async () => {
    const { judged, clock, events } = metered(counts, () => ({ error: "answered 503" }));
    await expect(judged()).rejects.toMatchObject({
      code: "METRIC_SILENT",
      message: expect.stringMatching(/^orders: no reading for 3\ds: answered 503$/) as string,
    });
    expect(clock.now()).toBeGreaterThan(30_000);
    const notes = events.filter(({ kind }) => kind === "Noted");
    expect(notes).toMatchObject([
      { sentence: "orders: no reading for 20s: answered 503; the step lasts until there is one" },
    ]);
  });

  test("lets the step end once it can be read again", async () => {
    const { judged, clock } = metered(counts, (_, now) =>
      now > 3_000 && now < 25_000 ? { error: "down" } : growing(0, now),
    );
    expect((await judged()).verdict).toBe("pass");
    expect(clock.now()).toBeGreaterThanOrEqual(25_000);
    expect(clock.now()).toBeLessThan(30_000);
  });

  test("holds a step that is over and was taken over only until it has answered", async () => {
    const { judged, clock } = metered(counts, (_, now) => growing(0, now), { takenOverMs: 90_000 });
    expect((await judged()).verdict).not.toBe("fail");
    expect(clock.now()).toBeGreaterThanOrEqual(90_000);
    expect(clock.now()).toBeLessThan(100_000);
  });

  test("is borne from when a run that takes over began to ask", async () => {
    const { judged, clock } = metered(counts, () => ({ error: "down" }), { takenOverMs: 90_000 });
    await expect(judged()).rejects.toMatchObject({ code: "METRIC_SILENT" });
    expect(clock.now()).toBeGreaterThanOrEqual(120_000);
    expect(clock.now()).toBeLessThan(125_000);
  });

  test("holds no step for longer than is borne, though it answers now and then", async () => {
    // Each look is at an even second, and finds what was read just before.
    const { judged, clock } = metered(counts, (_, now) =>
      Math.floor(now / 1_000) % 2 === 1 ? { error: "answered 503" } : growing(0, now),
    );
    await expect(judged()).rejects.toMatchObject({ code: "METRIC_SILENT" });
    expect(clock.now()).toBeGreaterThanOrEqual(50_000);
    expect(clock.now()).toBeLessThan(55_000);
  });

  test("doesn't keep errors of the new color from being found", async () => {
    const { judged } = metered(counts, (color, now) =>
      color === "green" && now < 12_000 ? growing(0.8, now) : { error: "down" },
    );
    expect((await judged()).verdict).toBe("fail");
  });
});
