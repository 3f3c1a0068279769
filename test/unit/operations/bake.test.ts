import { describe, expect, test } from "vitest";
import { baking, counted, healthy, reading, settingsWith } from "./baking.ts";

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

describe("a router whose host can't be reached", () => {
  const unjudged = "can't be judged: no way to edge; requests to the public address are answered";

  test("isn't silent while requests are answered: the bake waits, and goes on when it can", async () => {
    const { world, clock, events, bake, view } = baking();
    const result = bake.judge(view, "green", 0);
    await clock.advance(4_000);
    Object.assign(world, { isOutOfReach: true, serves: true });
    await clock.advance(15_000);
    expect(events.filter(({ kind }) => kind === "Noted").at(-1)).toMatchObject({
      sentence: unjudged,
    });
    world.isOutOfReach = false;
    world.green = counted(900, 3);
    await clock.advance(12_000);
    expect(await result).toMatchObject({ verdict: "pass" });
    expect(events.filter((event) => JSON.stringify(event).includes(unjudged))).toHaveLength(1);
  });

  test("until the bake is over leaves it open, and says why", async () => {
    const { clock, bake, view } = baking({ isOutOfReach: true, serves: true });
    const result = bake.judge(view, "green", 0);
    await clock.advance(31_000);
    expect(await result).toEqual({ verdict: "inconclusive", sentence: unjudged });
  });

  test("is down once requests fail as well", async () => {
    const { world, clock, bake, view } = baking({ isOutOfReach: true, serves: true });
    const result = bake.judge(view, "green", 0).catch((error: unknown) => error);
    await clock.advance(10_000);
    world.serves = false;
    await clock.advance(6_000);
    expect(await result).toMatchObject({
      code: "ROUTER_DOWN",
      message:
        "the router has been silent for 5s in the bake of green: no way to edge; " +
        "requests to its public address fail, too",
    });
  });
});

describe("a router that is silent", () => {
  test("for longer than a moment ends the bake as down: nobody is served by any color", async () => {
    const { world, clock, bake, view } = baking();
    const result = bake.judge(view, "green", 0).catch((error: unknown) => error);
    await clock.advance(4_000);
    world.answers = false;
    await clock.advance(9_000);
    expect(await Promise.race([result, Promise.resolve("still baking")])).toMatchObject({
      code: "ROUTER_DOWN",
      message: "the router has been silent for 5s in the bake of green: nobody listens",
      hint: "bring it back: `bluegreen up`; then the same command goes on",
    });
  });

  test("is down also where its color has no ready instance, as no flip would help", async () => {
    const target = { ...healthy, ready: 0 };
    const { clock, bake, view } = baking({ target, answers: false });
    const result = bake.judge(view, "green", 0).catch((error: unknown) => error);
    await clock.advance(6_000);
    expect(await result).toMatchObject({ code: "ROUTER_DOWN" });
  });

  test("is no verdict when the bake's time ends just then", async () => {
    const { world, clock, bake, view } = baking();
    const result = bake.judge(view, "green", 0).catch((error: unknown) => error);
    await clock.advance(28_500);
    world.answers = false;
    await clock.advance(8_000);
    expect(await result).toMatchObject({ code: "ROUTER_DOWN" });
  });

  test("for a moment is being restarted", async () => {
    const { world, clock, bake, view } = baking();
    const result = bake.judge(view, "green", 0);
    await clock.advance(5_000);
    world.answers = false;
    await clock.advance(3_000);
    world.answers = true;
    world.green = counted(1_100, 3);
    await clock.advance(24_000);
    expect(await result).toMatchObject({ verdict: "pass" });
  });
});

test("is judged by the former color's own error rate where the run has seen it", async () => {
  const { world, events, clock, bake, view } = baking();
  bake.begin({ ...view, reading: reading({ ...world, blue: counted(1_000, 1) }) });
  const result = bake.judge(view, "green", 0);
  world.green = counted(4_100, 3);
  await clock.advance(31_000);
  await result;
  const notes = events.filter((event) => event.kind === "Noted").map((event) => event.sentence);
  expect(notes[0]).toContain("the former color's own rate");
});

test("says at its start what it watches, and how long it still will", async () => {
  const { events, clock, bake, view } = baking();
  const result = bake.judge(view, "green", 0);
  await clock.advance(1);
  const notes = events.filter((event) => event.kind === "Noted").map((event) => event.sentence);
  expect(notes).toContain("watching green for 30s");
  await clock.advance(31_000);
  await result;
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
    world.bake.begin({ ...world.view, reading: reading(before) });
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
      "judged against the former color's own rate: at most 50 % errors (1 % by 10 times the error budget)",
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

describe("latency", () => {
  const boundsMs = [10, 20, 40, 80];
  const measured = (requests: number, latency: readonly number[]) => {
    return { ...counted(requests, 0), latency: { boundsMs, counts: latency } };
  };

  /** Blue answered 1,000 requests in this run, all within 20 ms. */
  function afterQuick() {
    const blue = measured(5_000, [4_000, 1_000, 0, 0, 0]);
    const known = baking({ blue, green: measured(100, [100, 0, 0, 0, 0]) });
    const before = { ...known.world, blue: measured(4_000, [3_500, 500, 0, 0, 0]) };
    known.bake.begin({ ...known.view, reading: reading(before) });
    return known;
  }

  test("a release that got slow is rolled back, and the reason says how slow", async () => {
    const { world, events, clock, bake, view } = afterQuick();
    const result = bake.judge(view, "green", 0);
    await clock.advance(6_500);
    world.green = measured(200, [120, 20, 60, 0, 0]);
    await clock.advance(2_000);
    expect(await result).toMatchObject({
      verdict: "fail",
      sentence: expect.stringContaining("60 replies slower than 20 ms in 100 replies") as string,
    });
    const notes = events.flatMap((event) => (event.kind === "Noted" ? [event.sentence] : []));
    expect(notes[1]).toBe("latency: at most 10 % of the replies slower than 20 ms");
  });

  test("a release that is as quick passes", async () => {
    const { world, clock, bake, view } = afterQuick();
    const result = bake.judge(view, "green", 0);
    await clock.advance(6_500);
    world.green = measured(1_100, [600, 500, 0, 0, 0]);
    await clock.advance(25_000);
    expect(await result).toMatchObject({ verdict: "pass" });
  });

  test("isn't judged where the router doesn't measure it, and that is said", async () => {
    const { world, events, clock, bake, view } = baking();
    const result = bake.judge(view, "green", 0);
    world.green = counted(1_100, 3);
    await clock.advance(31_000);
    expect(await result).toMatchObject({ verdict: "pass" });
    const notes = events.flatMap((event) => (event.kind === "Noted" ? [event.sentence] : []));
    expect(notes[1]).toBe("latency isn't judged: the router doesn't measure it per color");
  });
});

test("a router that restarted right after the switch hides no later outage", async () => {
  const settings = settingsWith({ bake: JSON.stringify({ duration: "3m", interval: "2s" }) });
  const { world, clock, bake, view } = baking({}, { settings });
  const { rollout } = view.record;
  // What was in the color before has had errors of its own.
  const baseline = {
    blue: { requests: 50_000, errors: 5 },
    green: { requests: 1_000, errors: 600 },
  };
  const record = { ...view.record, rollout: rollout && { ...rollout, baseline } };
  const result = bake.judge({ ...view, record }, "green", 0);
  const served = async (seconds: number, errors: number): Promise<void> => {
    for (let second = 1; second <= seconds; second += 1) {
      world.green = counted(world.green.requests + 20, world.green.errors + errors);
      await clock.advance(1_000);
    }
  };
  world.green = counted(0, 0);
  await served(60, 0);
  await served(6, 20);
  expect(await Promise.race([result, Promise.resolve("watches on")])).toMatchObject({
    verdict: "fail",
  });
});

test("the past is read beside the work before the switch, and no longer", async () => {
  const read: number[] = [];
  const { clock, world, bake, view } = baking(
    { active: "blue" },
    {
      sampleEveryMs: 1_000,
      read: () => {
        read.push(clock.now());
        return Promise.resolve(reading(world));
      },
    },
  );
  bake.begin({ ...view, record: { ...view.record, rollout: null } });
  await clock.advance(5_500);
  expect(read).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
  await bake.end();
  await clock.advance(5_000);
  expect(read).toHaveLength(5);
});
