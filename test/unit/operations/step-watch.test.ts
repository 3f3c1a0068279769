/** A step of a shift as it is watched: counters of both colors, on a virtual clock. */

import { describe, expect, test } from "vitest";
import type { OwnRequests } from "../../../automation/operations/own-samples.ts";
import { noOwn } from "../../../automation/rollout/own-requests.ts";
import type { OwnCount } from "../../../automation/rollout/own-requests.ts";
import { weightsTo } from "../../../automation/rollout/action.ts";
import type { WatchStep } from "../../../automation/rollout/action.ts";
import type { Event } from "../../../automation/event.ts";
import { RouterBake } from "../../../automation/operations/bake.ts";
import type { RouterReading } from "../../../infra/model.ts";
import { VirtualClock } from "../checks/virtual-clock.ts";
import { baking, counted, healthy, reading, settingsWith } from "./baking.ts";
import type { World } from "./baking.ts";

const step: WatchStep = {
  kind: "Watch",
  color: "green",
  former: "blue",
  sinceMs: 0,
  weight: 10,
  forMs: 20_000,
  step: 1,
  steps: 2,
};

/** Each look shows so many more requests and errors of green and blue. */
function watching(
  perLook: { green: [number, number]; blue: [number, number] },
  settings: Readonly<Record<string, string>> = {},
  own?: OwnRequests,
) {
  const { view, world } = baking();
  const clock = new VirtualClock();
  const events: Event[] = [];
  const control = {
    interrupted: false,
    change: {} as Partial<RouterReading>,
    looks: 0,
    answers: false,
  };
  const grow = (count: World["green"], [requests, errors]: [number, number]) =>
    counted(count.requests + requests, count.errors + errors);
  const bake = new RouterBake({
    settings: settingsWith(settings),
    clock,
    read: () => {
      control.looks += 1;
      world.green = grow(world.green, perLook.green);
      world.blue = grow(world.blue, perLook.blue);
      const weights = { blue: 90, green: 10 };
      return Promise.resolve({ ...reading(world), weights, ...control.change });
    },
    on: (event) => events.push(event),
    interrupted: () => control.interrupted,
    formerFails: () => Promise.resolve(false),
    answers: () => Promise.resolve(control.answers),
    ...(own && { own }),
  });
  const judged = async (change: Partial<WatchStep> = {}) => {
    const watched = bake.judgeStep(view, { ...step, ...change });
    const state = { ended: false };
    const end = () => {
      state.ended = true;
    };
    watched.then(end, end);
    for (let second = 0; !state.ended && second < 60; second += 1) await clock.advance(1_000);
    return watched;
  };
  return { judged, clock, control, events, world };
}

/** Our own requests, each of them answered by the former color. */
class Asked implements OwnRequests {
  begun = 0;

  begin(): Promise<void> {
    this.begun += 1;
    return Promise.resolve();
  }

  ended(): Promise<OwnCount> {
    return Promise.resolve(noOwn);
  }

  readonly steered: boolean[] = [];
  finished = 0;

  send(sends: boolean): void {
    this.steered.push(sends);
  }

  end(): void {
    this.finished += 1;
  }
}

describe("requests of our own", () => {
  const groups = [{ kind: "header", name: "x-beta", value: "yes" }] as const;
  const told = (events: readonly Event[]) =>
    events.filter((event) => event.kind === "Noted" && event.sentence.includes("of a cohort"));

  test("aren't sent in a step of a cohort, which has none of them, and a note says so", async () => {
    const own = new Asked();
    const { judged, control, events } = watching({ green: [20, 0], blue: [180, 0] }, {}, own);
    const share = { weight: 0, groups };
    control.change = { weights: weightsTo({ ...step, ...share }) };
    expect(await judged(share)).toMatchObject({ verdict: "pass" });
    expect(own.begun).toBe(0);
    expect(told(events)).toHaveLength(1);
  });

  test("are sent in a step of a share, with a cohort beside it or not", async () => {
    const own = new Asked();
    const { judged, control, events } = watching({ green: [20, 0], blue: [180, 0] }, {}, own);
    control.change = { weights: weightsTo({ ...step, groups }) };
    await judged({ groups });
    expect(own.begun).toBe(1);
    expect(told(events)).toEqual([]);
  });
});

describe("a step", () => {
  test("lasts as long as it should, and passes with enough requests", async () => {
    const { judged, clock, events } = watching({ green: [20, 0], blue: [180, 0] });
    expect(await judged()).toMatchObject({ verdict: "pass" });
    expect(clock.now()).toBe(20_000);
    expect(events.filter(({ kind }) => kind === "Judged")).toHaveLength(11);
  });

  test("warns in the first one where no bake follows the steps", async () => {
    const unproven = { bake: JSON.stringify({ duration: "0s", interval: "2s" }) };
    const noted = async (change: Partial<WatchStep>, settings = unproven) => {
      const { judged, events } = watching({ green: [20, 0], blue: [180, 0] }, settings);
      await judged(change);
      return events.filter(({ kind }) => kind === "Noted");
    };
    expect(await noted({})).toMatchObject([
      { sentence: expect.stringContaining("`bake.duration` is 0s") as string },
    ]);
    expect(await noted({ step: 2 })).toEqual([]);
    expect(await noted({}, { bake: JSON.stringify({ interval: "2s" }) })).toEqual([]);
  });

  test("ends at once when the new color fails more than its share", async () => {
    const { judged, clock } = watching({ green: [10, 5], blue: [90, 0] });
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("fail");
    expect(sentence).toMatch(/^green had \d+ errors in \d+ requests, blue 0 in \d+: evidence/);
    expect(clock.now()).toBeLessThan(5_000);
  });

  test("goes on while both colors fail: that is something that both need", async () => {
    const { judged } = watching({ green: [10, 5], blue: [90, 45] });
    expect((await judged()).verdict).not.toBe("fail");
  });

  test("proves nothing with too little traffic, and says how much is missing", async () => {
    const { judged } = watching({ green: [1, 0], blue: [9, 0] });
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("inconclusive");
    expect(sentence).toMatch(/11 requests, blue 0 in 99: \d+ more are needed to find 10 % errors/);
  });

  test("counts from what the record says, also for a run that comes later", async () => {
    const { judged, clock } = watching({ green: [1, 0], blue: [9, 0] });
    await clock.advance(19_000);
    const { sentence } = await judged();
    expect(clock.now()).toBe(20_000);
    expect(sentence).toContain("green had 0 errors in 2 requests");
  });

  test("isn't judged where traffic can't be counted", async () => {
    const { judged, control } = watching({ green: [0, 0], blue: [0, 0] });
    control.change = { traffic: { kind: "unknown" } };
    expect(await judged()).toMatchObject({
      verdict: "inconclusive",
      sentence: "traffic can't be counted now, so the step proves nothing",
    });
  });

  test("fails where the new color has no ready instance, unless the former has none either", async () => {
    const dead = { ...healthy, ready: 0, problems: ["it ended"] };
    const alone = watching({ green: [1, 0], blue: [9, 0] });
    alone.control.change = { targets: { blue: healthy, green: dead } };
    expect(await alone.judged()).toMatchObject({ verdict: "fail" });
    const both = watching({ green: [1, 0], blue: [9, 0] });
    both.control.change = { targets: { blue: dead, green: dead } };
    expect((await both.judged()).verdict).toBe("inconclusive");
  });

  test("ends where traffic was moved, or a person asks to stop", async () => {
    const moved = watching({ green: [1, 0], blue: [9, 0] });
    moved.control.change = { weights: { blue: 100, green: 0 } };
    const { sentence } = await moved.judged();
    expect(sentence).toBe("traffic was moved meanwhile: blue 100 / green 0");
    const stopped = watching({ green: [1, 0], blue: [9, 0] });
    stopped.control.interrupted = true;
    expect((await stopped.judged()).sentence).toBe("the step was interrupted");
    expect(stopped.control.looks).toBe(1);
  });

  test("ends as down where the router doesn't answer for longer than a moment", async () => {
    const { judged, control } = watching({ green: [1, 0], blue: [9, 0] });
    control.change = { weights: null, problems: ["nobody listens"] };
    await expect(judged()).rejects.toMatchObject({
      code: "ROUTER_DOWN",
      message: "the router has been silent for 5s in a step towards green: nobody listens",
    });
  });

  test("that can't be asked of, while requests are answered, is left open", async () => {
    const { judged, control } = watching({ green: [1, 0], blue: [9, 0] });
    control.change = { weights: null, isOutOfReach: true, problems: ["no way to edge"] };
    control.answers = true;
    expect(await judged()).toEqual({
      verdict: "inconclusive",
      sentence: "can't be judged: no way to edge; requests to the public address are answered",
    });
  });

  test("survives a router that counts from zero again", async () => {
    const { judged, world, control } = watching({ green: [20, 0], blue: [180, 0] });
    const first = judged();
    world.green = counted(0, 0);
    world.blue = counted(0, 0);
    expect((await first).verdict).toBe("pass");
    expect(control.looks).toBe(11);
  });
});

describe("slow replies", () => {
  const boundsMs = [10, 20, 40, 80];
  const measured = (requests: number, latency: readonly number[]) => {
    return { ...counted(requests, 0), latency: { boundsMs, counts: latency } };
  };

  /** Blue is quick before and after; green answers 200 requests slowly at this second of the step. */
  async function slowAt(second: number) {
    const known = baking(
      { blue: measured(4_000, [3_500, 500, 0, 0, 0]), green: measured(0, [0, 0, 0, 0, 0]) },
      { read: () => Promise.resolve({ ...reading(world), weights: { blue: 90, green: 10 } }) },
    );
    const { world, bake, clock, view } = known;
    bake.begin({ ...view, reading: reading(world) });
    await clock.advance(1_000);
    world.blue = measured(5_000, [4_000, 1_000, 0, 0, 0]);
    bake.begin({ ...view, reading: reading(world) });
    const watched = bake.judgeStep(view, { ...step, sinceMs: 1_000 });
    await clock.advance(second * 1_000 - 500);
    world.blue = measured(6_800, [5_000, 1_800, 0, 0, 0]);
    world.green = measured(200, [0, 0, 100, 100, 0]);
    await clock.advance(25_000);
    return watched;
  }

  test("count against the new color", async () => {
    expect(await slowAt(10)).toMatchObject({
      verdict: "fail",
      sentence: expect.stringMatching(/^latency: .*green had 200 replies slower than/) as string,
    });
  });

  test("don't in the first seconds of a step, where the new color warms up", async () => {
    expect((await slowAt(2)).verdict).not.toBe("fail");
  });
});
