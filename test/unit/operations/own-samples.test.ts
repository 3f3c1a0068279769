/** A bake and its own requests: what they count for, when they rest, and who is blamed. */

import { describe, expect, test } from "vitest";
import type { OwnCount, OwnRequests } from "../../../automation/operations/own-samples.ts";
import type { Failing } from "../../../automation/rollout/shared-outage.ts";
import { baking, counted, settingsWith } from "./baking.ts";
import type { World } from "./baking.ts";

/** Sends so many a second to green while it is told to, with this share of them bad. */
class SteadyRequests implements OwnRequests {
  sends = true;
  begun = 0;
  finished = 0;
  readonly steered: boolean[] = [];
  private count = { bad: 0, total: 0 };

  begin(): Promise<void> {
    this.begun += 1;
    return Promise.resolve();
  }

  send(sends: boolean): void {
    this.sends = sends;
    this.steered.push(sends);
  }

  ended(): Promise<OwnCount> {
    const none = { bad: 0, total: 0 };
    return Promise.resolve({ served: { blue: none, green: this.count }, unnamed: none });
  }

  end(): void {
    this.finished += 1;
  }

  /** A second passes. */
  tick({ world, each, share = 0 }: { world: World; each: number; share?: number }): void {
    if (!this.sends) return;
    const { bad, total } = this.count;
    this.count = { total: total + each, bad: bad + each * share };
    const { requests, errors } = world.green;
    if (world.counts) world.green = counted(requests + each, errors + each * share);
  }
}

/** Users and our own requests, each so many a second, with this share of bad ones. */
interface Load {
  readonly users: number;
  readonly each: number;
  /** Of our own. */
  readonly share?: number;
  /** Of users'. */
  readonly broken?: number;
}

function quietly(
  { users, each, share = 0, broken = 0 }: Load,
  change: Partial<World> = {},
  settings: Readonly<Record<string, string>> = {},
  asked?: (failing: Failing) => Promise<boolean>,
) {
  const own = new SteadyRequests();
  const given = settingsWith(settings);
  const known = baking(change, { own, settings: given, ...(asked && { formerFails: asked }) });
  const { view, world, clock, bake } = known;
  const rollout = view.record.rollout && { ...view.record.rollout, baseline: null };
  const blind = { ...view, record: { ...view.record, rollout } };
  const judged = async () => {
    const result = bake.judge(world.counts ? view : blind, "green", 0);
    const state = { over: false };
    const end = () => {
      state.over = true;
    };
    result.then(end, end);
    for (let second = 0; !state.over && second < 40; second += 1) {
      own.tick({ world, each, share });
      const { requests, errors } = world.green;
      const failed =
        Math.floor((second + 1) * users * broken) - Math.floor(second * users * broken);
      world.green = counted(requests + users, errors + failed);
      await clock.advance(1_000);
    }
    return result;
  };
  return { ...known, own, judged };
}

describe("a path of our own that fails on both colors", () => {
  const shared = ({ users }: Failing) => Promise.resolve(!users);

  test("holds no errors that users meet elsewhere", async () => {
    const { judged, clock } = quietly(
      { users: 2, each: 20, share: 0.5, broken: 0.5 },
      {},
      {},
      shared,
    );
    const { verdict } = await judged();
    expect(verdict).toBe("fail");
    expect(clock.now()).toBeLessThanOrEqual(20_000);
  });

  test("leaves the bake without a verdict where users are well", async () => {
    const { judged, clock } = quietly({ users: 2, each: 20, share: 0.5 }, {}, {}, shared);
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("inconclusive");
    expect(sentence).toContain("the former color fails on the same path as well");
    expect(clock.now()).toBe(30_000);
  });
});

describe("without users", () => {
  test("a good release passes by synthetic requests, and the sentence counts them", async () => {
    const { judged, own, events } = quietly({ users: 0, each: 20 });
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("pass");
    expect(sentence).toMatch(
      /^0 errors in (\d+) requests .*; \1 of the \1 requests were synthetic$/,
    );
    expect([own.begun, own.finished, own.sends]).toEqual([1, 1, true]);
    const notes = events.flatMap((event) => (event.kind === "Noted" ? [event.sentence] : []));
    expect(notes.filter((note) => note.includes("synthetic"))).toEqual([
      "where users' requests don't suffice, up to 20 synthetic ones a second ask for /healthz",
    ]);
  });

  test("a bad one fails by them", async () => {
    const { judged, clock } = quietly({ users: 0, each: 20, share: 1 });
    expect((await judged()).verdict).toBe("fail");
    expect(clock.now()).toBeLessThan(4_000);
  });

  test("their own answers are the samples where the router counts nothing", async () => {
    const good = await quietly({ users: 0, each: 20 }, { counts: false }).judged();
    expect(good).toMatchObject({ verdict: "pass" });
    const bad = await quietly({ users: 0, each: 20, share: 0.5 }, { counts: false }).judged();
    expect(bad).toMatchObject({ verdict: "fail" });
  });

  test("nothing passes once they are switched off", async () => {
    const bake = JSON.stringify({ synthetic: { enabled: false } });
    const off = quietly({ users: 0, each: 0 }, { counts: false }, { bake });
    expect((await off.judged()).verdict).toBe("inconclusive");
    expect(off.own.steered).toEqual([]);
  });
});

describe("with users", () => {
  test("enough of them let our own rest, and they are told apart", async () => {
    const { judged, own, events } = quietly({ users: 100, each: 20 });
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("pass");
    expect(own.steered).toEqual([false]);
    const [, some = "", all = ""] = /; (\d+) of the ([\d,]+) requests were/.exec(sentence) ?? [];
    expect(Number(some)).toBeLessThan(100);
    expect(Number(all.replace(",", ""))).toBeGreaterThan(2_500);
    expect(events.filter(({ kind }) => kind === "Noted")).toHaveLength(3);
  });

  test.each([1, 2])(
    "errors of %d a second aren't hidden by good answers to our own",
    async (users) => {
      const { judged, clock } = quietly({ users, each: 20, broken: 0.2 });
      const { verdict, sentence } = await judged();
      expect(verdict).toBe("fail");
      expect(sentence).toMatch(/^users alone: \d errors in \d\d requests .*were synthetic$/);
      expect(clock.now()).toBeLessThanOrEqual(30_000);
    },
  );

  test("our own bad answers are none of users'", async () => {
    const { judged } = quietly({ users: 1, each: 20, share: 1 });
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("fail");
    expect(sentence).not.toContain("users alone");
  });

  test("that are too few leave our own going", async () => {
    const { judged, own } = quietly({ users: 1, each: 20 });
    expect((await judged()).verdict).toBe("pass");
    expect(own.sends).toBe(true);
  });
});
