import { describe, expect, test } from "vitest";
import { RouterBake } from "../../../automation/operations/bake.ts";
import type { Event } from "../../../automation/event.ts";
import { parseSettings } from "../../../infra/config.ts";
import type { ColorTraffic, RouterReading, TargetReading } from "../../../infra/model.ts";
import { emptyRecord, weightsOf } from "../../../infra/model.ts";
import type { Observed } from "../../../infra/observation.ts";
import { VirtualClock } from "../checks/virtual-clock.ts";

const settings = parseSettings({
  environment: "dev",
  application: "shop",
  local: JSON.stringify({ command: ["node", "server.ts"] }),
  bake: JSON.stringify({ duration: "30s", interval: "2s" }),
});

const healthy: TargetReading = {
  ready: 2,
  total: 2,
  problems: [],
  crashLoop: false,
  reachable: true,
};

function counted(requests: number, errors: number): ColorTraffic {
  return { requests, errors, open: 0, lastRequestAt: null };
}

interface World {
  green: ColorTraffic;
  blue: ColorTraffic;
  target: TargetReading;
  active: "blue" | "green";
  counts: boolean;
}

function reading(world: World): RouterReading {
  return {
    weights: weightsOf(world.active),
    generation: 2,
    rolloutId: "r-1",
    mark: null,
    former: null,
    attached: { blue: [], green: [] },
    targets: { blue: healthy, green: world.target },
    traffic: world.counts
      ? { kind: "counted", colors: { blue: world.blue, green: world.green } }
      : { kind: "unknown" },
    settlesInMs: 0,
    problems: [],
  };
}

/** A switch to green at 0 ms, with what the routers counted until then as the baseline. */
function baking(change: Partial<World> = {}, options: { formerFails?: boolean } = {}) {
  const world: World = {
    green: counted(100, 3),
    blue: counted(5_000, 5),
    target: healthy,
    active: "green",
    counts: true,
    ...change,
  };
  const clock = new VirtualClock();
  const events: Event[] = [];
  const control = { interrupted: false };
  const bake = new RouterBake({
    settings,
    clock,
    read: () => Promise.resolve(reading(world)),
    on: (event) => events.push(event),
    formerFails: () => Promise.resolve(options.formerFails ?? false),
    interrupted: () => control.interrupted,
  });
  const baseline = { blue: { requests: 5_000, errors: 5 }, green: { requests: 100, errors: 3 } };
  const view: Observed = {
    environment: "dev",
    stored: emptyRecord,
    record: {
      ...emptyRecord,
      rollout: {
        id: "r-1",
        kind: "deploy",
        phase: "bake",
        since: new Date(0).toISOString(),
        color: "green",
        former: "blue",
        version: "2",
        digest: "sha256:2",
        baseline,
        hooksDone: [],
        baked: null,
      },
    },
    drift: { kind: "none" },
    reading: reading(world),
    colors: { blue: null, green: null },
    nowMs: 0,
    rollbackWindowMs: 0,
    frozen: null,
  };
  return { world, clock, events, control, bake, view };
}

test("passes when the bake is over and enough requests were seen", async () => {
  const { world, clock, bake, view } = baking();
  const result = bake.judge(view, "green", 0);
  world.green = counted(1_100, 3);
  await clock.advance(31_000);
  expect(await result).toMatchObject({ verdict: "pass" });
  expect((await result).sentence).toContain("0 errors in 1,000 requests");
});

test("lasts no longer where the clock of who switched is ahead of this one's", async () => {
  const { world, clock, bake, view } = baking();
  const result = bake.judge(view, "green", 3_600_000);
  world.green = counted(1_100, 3);
  await clock.advance(31_000);
  expect(await Promise.race([result, Promise.resolve("still baking")])).toMatchObject({
    verdict: "pass",
  });
});

test("fails as soon as the evidence is in, without waiting for the end", async () => {
  const { world, clock, bake, view } = baking();
  const result = bake.judge(view, "green", 0);
  await clock.advance(1_000);
  world.green = counted(160, 33);
  await clock.advance(1_500);
  expect(await result).toMatchObject({ verdict: "fail" });
  expect(clock.now()).toBeLessThan(3_000);
});

test("errors from before the switch don't count against the release", async () => {
  const { world, clock, bake, view } = baking({ green: counted(100, 90) });
  world.green = counted(100, 90);
  const rollout = view.record.rollout;
  const before = { blue: { requests: 0, errors: 0 }, green: { requests: 100, errors: 90 } };
  const record = { ...view.record, rollout: rollout && { ...rollout, baseline: before } };
  const result = bake.judge({ ...view, record }, "green", 0);
  world.green = counted(1_100, 90);
  await clock.advance(31_000);
  expect(await result).toMatchObject({ verdict: "pass" });
});

test("too few requests are inconclusive, however long the bake was", async () => {
  const { clock, bake, view } = baking();
  const result = bake.judge(view, "green", 0);
  await clock.advance(31_000);
  expect(await result).toMatchObject({ verdict: "inconclusive" });
});

test("traffic that can't be counted is never a pass", async () => {
  const { clock, bake, view } = baking({ counts: false });
  const result = bake.judge(view, "green", 0);
  await clock.advance(31_000);
  expect(await result).toMatchObject({ verdict: "inconclusive" });
});

test("no ready instance fails at once", async () => {
  const target = { ...healthy, ready: 0, problems: ["green-0 refused the connection"] };
  const { bake, view } = baking({ target });
  expect(await bake.judge(view, "green", 0)).toEqual({
    verdict: "fail",
    sentence: "green has no ready instance: green-0 refused the connection",
  });
});

test("a crash loop fails at once", async () => {
  const { bake, view } = baking({ target: { ...healthy, crashLoop: true } });
  expect(await bake.judge(view, "green", 0)).toMatchObject({ verdict: "fail" });
});

test("holds instead of flapping when the former color fails on the same path", async () => {
  const target = { ...healthy, ready: 0 };
  const { bake, view } = baking({ target }, { formerFails: true });
  const result = await bake.judge(view, "green", 0);
  expect(result.verdict).toBe("inconclusive");
  expect(result.sentence).toContain("the former color fails on the same path as well");
});

test("ends when traffic leaves the color", async () => {
  const { world, clock, bake, view } = baking();
  const result = bake.judge(view, "green", 0);
  await clock.advance(1_000);
  world.active = "blue";
  await clock.advance(2_000);
  expect(await result).toEqual({ verdict: "inconclusive", sentence: "traffic has left green" });
});

test("a router that restarted during the bake counts from zero again", async () => {
  const { world, clock, bake, view } = baking();
  const result = bake.judge(view, "green", 0);
  await clock.advance(10_000);
  world.green = counted(40, 0);
  await clock.advance(10_000);
  world.green = counted(900, 0);
  await clock.advance(11_000);
  expect(await result).toMatchObject({ verdict: "pass" });
});

test("is judged by the former color's own error rate where the run has seen it", async () => {
  const { world, events, clock, bake, view } = baking();
  bake.begin(reading({ ...world, blue: counted(1_000, 1) }));
  const result = bake.judge(view, "green", 0);
  world.green = counted(4_100, 3);
  await clock.advance(31_000);
  await result;
  const notes = events.filter((event) => event.kind === "Noted").map((event) => event.sentence);
  expect(notes[0]).toContain("the former color's own rate");
});

test("stops at an interruption without a verdict", async () => {
  const { control, clock, bake, view } = baking();
  const result = bake.judge(view, "green", 0);
  await clock.advance(3_000);
  control.interrupted = true;
  await clock.advance(2_000);
  expect(await result).toMatchObject({ verdict: "inconclusive" });
});

describe("after a former color that fails itself", () => {
  /** Blue served 1,000 requests in this run before the switch, all of them badly. */
  function afterFailing() {
    const world = baking();
    const before = { ...world.world, blue: counted(4_000, 5) };
    world.bake.begin(reading(before));
    const rollout = world.view.record.rollout;
    const baseline = {
      blue: { requests: 5_000, errors: 1_005 },
      green: { requests: 100, errors: 3 },
    };
    const record = { ...world.view.record, rollout: rollout && { ...rollout, baseline } };
    return { ...world, view: { ...world.view, record } };
  }

  test("a good release passes by the error budget", async () => {
    const { world, events, clock, bake, view } = afterFailing();
    const result = bake.judge(view, "green", 0);
    world.green = counted(1_100, 3);
    await clock.advance(31_000);
    expect(await result).toMatchObject({ verdict: "pass" });
    const notes = events.filter((event) => event.kind === "Noted").map((event) => event.sentence);
    expect(notes[0]).toBe(
      "judged against the former color's own rate: at most 50 % errors (1 % by the error budget)",
    );
  });

  test("a release that fails less isn't taken back, and doesn't pass", async () => {
    const { world, clock, bake, view } = afterFailing();
    const result = bake.judge(view, "green", 0);
    world.green = counted(1_100, 203);
    await clock.advance(31_000);
    expect(await result).toMatchObject({ verdict: "inconclusive" });
  });

  test("a release that fails as much isn't taken back", async () => {
    const { world, clock, bake, view } = afterFailing();
    const result = bake.judge(view, "green", 0);
    world.green = counted(1_100, 1_003);
    await clock.advance(2_000);
    const { verdict, sentence } = await result;
    expect(verdict).toBe("inconclusive");
    expect(sentence).toContain("the former color did no better, so traffic stays");
  });
});
