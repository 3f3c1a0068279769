/** A last look at the active color: only what fails while it looks speaks against it. */

import { describe, expect, test } from "vitest";
import type { BakeOptions } from "../../../automation/operations/bake.ts";
import type { OwnRequests, Watched } from "../../../automation/operations/own-samples.ts";
import { noCounts } from "../../../automation/rollout/counts.ts";
import { noOwn } from "../../../automation/rollout/own-requests.ts";
import type { OwnCount } from "../../../automation/rollout/own-requests.ts";
import type { Observed } from "../../../infra/observation.ts";
import type { VirtualClock } from "../checks/virtual-clock.ts";
import { baking, counted, healthy, settingsWith } from "./baking.ts";
import type { World } from "./baking.ts";

/** Green has passed its bake an hour ago; blue is kept. */
function looking(change: Partial<World> = {}, options: Parameters<typeof baking>[1] = {}) {
  const known = baking(change, options);
  const { record } = known.view;
  const switchedAt = new Date(-3_600_000).toISOString();
  const held = record.rollout && { ...record.rollout, phase: "hold" as const };
  const view: Observed = { ...known.view, record: { ...record, switchedAt, rollout: held } };
  return { ...known, view, look: () => known.bake.judgeAgain(view, "green", "blue") };
}

/** So many requests and errors a second, until the look is over. @returns its end, and when */
async function under(
  { world, clock, look }: ReturnType<typeof looking>,
  { requests, errors }: { requests: number; errors: number },
  limitS = 40,
) {
  const result = look();
  const state = { over: false };
  const end = () => {
    state.over = true;
  };
  result.then(end, end);
  for (let tenth = 0; !state.over && tenth < limitS * 10; tenth += 1) {
    const { green } = world;
    world.green = counted(green.requests + requests / 10, green.errors + errors / 10);
    await clock.advance(100);
  }
  return { ...(await result), atMs: clock.now() };
}

describe("a last look", () => {
  test("fails as soon as errors are evidence, with their number", async () => {
    const { verdict, sentence, atMs } = await under(looking(), { requests: 20, errors: 10 });
    expect(verdict).toBe("fail");
    expect(sentence).toMatch(/^\d+ errors in \d+ requests/);
    expect(atMs).toBeLessThan(5_000);
  });

  test("doesn't count what failed before it", async () => {
    const found = await under(looking({ green: counted(9_000, 8_000) }), {
      requests: 50,
      errors: 0,
    });
    expect(found).toMatchObject({ verdict: "pass" });
    expect(found.sentence).toMatch(/^0 errors in \d+ requests/);
  });

  test("isn't deceived by a long good past", async () => {
    const found = await under(looking({ green: counted(9_000_000, 3) }), {
      requests: 30,
      errors: 9,
    });
    expect(found.verdict).toBe("fail");
  });

  test("is over at once with enough good requests", async () => {
    const { atMs } = await under(looking(), { requests: 100, errors: 0 });
    expect(atMs).toBeLessThan(3_000);
  });

  test("takes one interval where nobody comes, and has nothing against the color", async () => {
    const { verdict, atMs } = await under(looking(), { requests: 0, errors: 0 });
    expect([verdict, atMs <= 2_100]).toEqual(["inconclusive", true]);
  });

  test("lasts its time where a few come, and has nothing against the color", async () => {
    const { verdict, atMs } = await under(looking(), { requests: 2, errors: 0 });
    expect([verdict, atMs > 9_000, atMs < 11_000]).toEqual(["inconclusive", true, true]);
  });

  test("finds no fault with what the idle color did as well until it was left", async () => {
    const { view, bake, ...rest } = looking();
    const { rollout } = view.record;
    const blue = { requests: 5_000, errors: 1_000 };
    const green = { requests: 100, errors: 3 };
    const record = {
      ...view.record,
      rollout: rollout && { ...rollout, baseline: { blue, green } },
    };
    const look = () => bake.judgeAgain({ ...view, record }, "green", "blue");
    const found = await under({ ...rest, view, bake, look }, { requests: 50, errors: 10 });
    expect(found.verdict).not.toBe("fail");
  });

  test.each<readonly [string, Partial<World>, RegExp]>([
    ["no ready instance", { target: { ...healthy, ready: 0 } }, /^green has no ready instance/],
    ["a crash loop", { target: { ...healthy, crashLoop: true } }, /^green crashes again/],
  ])("fails at once with %s", async (_name, change, says) => {
    const found = await looking(change).look();
    expect(found.verdict).toBe("fail");
    expect(found.sentence).toMatch(says);
  });

  test("fails also where the idle color fails, and says so", async () => {
    const found = await under(looking({}, { formerFails: true }), { requests: 20, errors: 20 });
    expect(found.verdict).toBe("fail");
    expect(found.sentence).toMatch(/; blue fails on the same path as well$/);
  });

  test("has nothing to say once traffic has left, or a person has stopped it", async () => {
    const left = looking();
    left.world.active = "blue";
    expect(await left.look()).toEqual({
      verdict: "inconclusive",
      sentence: "traffic has left green",
    });
    const stopped = looking();
    stopped.control.interrupted = true;
    expect(await stopped.look()).toMatchObject({ sentence: "the look was interrupted" });
  });

  test("ends with a router that nobody is served by", async () => {
    const { clock, look } = looking({ answers: false });
    const result = look().catch((error: unknown) => error);
    await clock.advance(8_000);
    expect(await result).toMatchObject({
      code: "ROUTER_DOWN",
      message: "the router has been silent for 5s in a last look at green: nobody listens",
    });
  });

  test("writes no bake down: there is none to be judged again", async () => {
    const known = looking();
    await under(known, { requests: 100, errors: 0 });
    expect(known.events.map(({ kind }) => kind)).not.toContain("Measured");
    expect(known.events.filter((event) => event.kind === "Judged" && "atMs" in event)).toEqual([]);
  });
});

describe("requests of our own in a last look", () => {
  /** Fifty a second that go to green, by a clock. */
  class OwnOfGreen implements OwnRequests {
    readonly begun: Watched[] = [];
    finished = 0;
    clock: VirtualClock | null = null;
    /** How long it takes until they are sent. */
    beginsAfterMs = 0;
    /** Before it none has ended. */
    fromMs = 0;

    private readonly share: number;

    constructor(share: number) {
      this.share = share;
    }

    async begin(watched: Watched): Promise<void> {
      this.begun.push(watched);
      await this.clock?.sleep(this.beginsAfterMs);
    }

    send(): void {
      return;
    }

    ended(): Promise<OwnCount> {
      const total = Math.floor(Math.max(0, (this.clock?.now() ?? 0) - this.fromMs) / 20);
      const green = { total, bad: Math.floor(total * this.share) };
      const routed = { ...noOwn.routed, green: { sure: green, unsure: noCounts } };
      return Promise.resolve({ ...noOwn, served: { blue: noCounts, green }, routed });
    }

    end(): void {
      this.finished += 1;
    }
  }

  function asking(share: number, change: Partial<World> = {}) {
    const own = new OwnOfGreen(share);
    const known = looking(change, { own });
    own.clock = known.clock;
    return { own, known };
  }

  test("find a quiet service's errors, and leave the idle color alone", async () => {
    const { own, known } = asking(0.5);
    const found = await under(known, { requests: 50, errors: 25 });
    expect(found.verdict).toBe("fail");
    expect(found.sentence).toMatch(/requests were synthetic$/);
    expect(own.begun).toMatchObject([{ color: "green", former: "blue", previews: false }]);
    expect(own.finished).toBe(1);
  });

  test("aren't users: who asks nobody else is done after one interval", async () => {
    const { known } = asking(0);
    const { verdict, atMs } = await under(known, { requests: 50, errors: 0 });
    expect([verdict === "fail", atMs <= 2_200]).toEqual([false, true]);
  });

  test("are waited for where they begin to be answered late", async () => {
    const { own, known } = asking(0);
    own.fromMs = 5_000;
    const { verdict, atMs } = await under(known, { requests: 0, errors: 0 });
    expect([verdict, atMs >= 5_000]).toEqual(["inconclusive", true]);
  });

  test("speak against a color where they time out, which no router has to count", async () => {
    const { own, known } = asking(1);
    own.fromMs = 5_000;
    const { verdict, atMs } = await under(known, { requests: 0, errors: 0 });
    expect([verdict, atMs >= 5_000]).toEqual(["fail", true]);
  });

  test("may begin late: the look begins with them", async () => {
    const { own, known } = asking(0);
    own.beginsAfterMs = 4_000;
    const { sentence, atMs } = await under(known, { requests: 50, errors: 0 });
    expect([atMs >= 6_000, atMs <= 6_200]).toEqual([true, true]);
    expect(sentence).toMatch(/^0 errors in 1\d\d requests/);
  });

  test("are the only samples where the router can't count", async () => {
    const { known } = asking(0, { counts: false });
    const { rollout } = known.view.record;
    const record = { ...known.view.record, rollout: rollout && { ...rollout, baseline: null } };
    const look = () => known.bake.judgeAgain({ ...known.view, record }, "green", "blue");
    const found = await under({ ...known, look }, { requests: 0, errors: 0 });
    expect(found).toMatchObject({ verdict: "pass" });
  });
});

describe("metrics in a last look", () => {
  const metric = { kind: "json", name: "queue", url: "http://127.0.0.1:1/", value: "v", upper: 5 };

  function reading(value: () => number): Partial<BakeOptions> {
    const metrics = JSON.stringify([{ ...metric, interval: "2s" }]);
    const bake = JSON.stringify({ duration: "5m", interval: "2s" });
    const source = {
      name: "queue",
      intervalMs: 2_000,
      ask: () => Promise.resolve({ value: value() }),
    };
    return { settings: settingsWith({ metrics, bake }), sources: [source] };
  }

  test("fail it where they are beyond their limit now", async () => {
    const known = looking(
      {},
      reading(() => 9),
    );
    const found = await under(known, { requests: 100, errors: 0 });
    expect(found).toMatchObject({ verdict: "fail" });
    expect(found.sentence).toBe("queue: 3 readings in a row beyond at most 5: 9, 9, 9");
    await known.bake.end();
  });

  test("are waited for, though nobody uses the service", async () => {
    let asked = 0;
    const count = () => {
      asked += 1;
      return 1;
    };
    const known = looking({}, reading(count));
    const { verdict } = await under(known, { requests: 0, errors: 0 });
    expect([verdict, asked >= 3]).toEqual(["inconclusive", true]);
    await known.bake.end();
  });
});
