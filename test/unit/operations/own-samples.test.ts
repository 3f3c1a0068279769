/** A bake and its own requests: what they count for, when they rest, and who is blamed. */

import { describe, expect, test } from "vitest";
import type { OwnRequests } from "../../../automation/operations/own-samples.ts";
import { noOwn, withEnded } from "../../../automation/rollout/own-requests.ts";
import type { Ended, OwnCount } from "../../../automation/rollout/own-requests.ts";
import type { Failing } from "../../../automation/rollout/shared-outage.ts";
import { baking, counted, settingsWith } from "./baking.ts";
import type { World } from "./baking.ts";

/** What becomes of our own requests of a second; the rest is answered well. */
interface Ends {
  readonly each: number;
  /** Share of those that are answered badly, which the router counts as such. */
  readonly share?: number;
  /** Share of those that nobody answers; the router counts none of them. */
  readonly hung?: number;
  /** Share of those that break off; the router takes them for good ones. */
  readonly cut?: number;
  /** Share of those that nobody takes. */
  readonly lost?: number;
  /** Share of those that fail while our own process stands still. */
  readonly spoiled?: number;
}

/** Sends so many a second to green while it is told to. */
class SteadyRequests implements OwnRequests {
  sends = true;
  begun = 0;
  finished = 0;
  readonly steered: boolean[] = [];
  private count = noOwn;

  begin(): Promise<void> {
    this.begun += 1;
    return Promise.resolve();
  }

  send(sends: boolean): void {
    this.sends = sends;
    this.steered.push(sends);
  }

  ended(): Promise<OwnCount> {
    return Promise.resolve(this.count);
  }

  end(): void {
    this.finished += 1;
  }

  /** A second passes. */
  tick(world: World, { each, share = 0, hung = 0, cut = 0, lost = 0, spoiled = 0 }: Ends): void {
    if (!this.sends) return;
    const [bad, silent, broken] = [each * share, each * hung, each * cut];
    const [unreached, ours] = [each * lost, each * spoiled];
    const unanswered = silent + unreached + ours;
    this.add(bad, { by: "green", ending: "answered", bad: true });
    this.add(silent, { by: "unnamed", ending: "silent", bad: true });
    this.add(broken, { by: "green", ending: "broken off", bad: true });
    this.add(unreached, { by: "unnamed", ending: "unreached", bad: true });
    this.add(ours, { by: "unnamed", ending: "spoiled", bad: true });
    const well = each - unanswered - bad - broken;
    this.add(well, { by: "green", ending: "answered", bad: false });
    const { requests, errors } = world.green;
    if (world.counts) world.green = counted(requests + each - unanswered, errors + bad);
  }

  private add(times: number, ended: Ended): void {
    for (let some = 0; some < times; some += 1) this.count = withEnded(this.count, ended);
  }
}

/** Users and our own requests, each so many a second, with this share of bad ones. */
interface Load extends Ends {
  readonly users: number;
  /** Of users'. */
  readonly broken?: number;
}

function quietly(
  { users, broken = 0, ...ends }: Load,
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
      own.tick(world, ends);
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

/** A pass takes more than evidence for it. */
const tolerant = JSON.stringify({ duration: "30s", alpha: 0.000_001, errorBudget: 0.002 });

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

describe("requests of our own that the router doesn't count as they ended", () => {
  test.each([
    ["all of them hang", { hung: 1 }],
    ["half of them hang", { hung: 0.5 }],
    ["all of them break off", { cut: 1 }],
    ["every tenth breaks off", { cut: 0.1 }],
  ])("%s: the release fails by them", async (_, ends) => {
    const { judged, clock } = quietly({ users: 0, each: 20, ...ends });
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("fail");
    expect(sentence).toMatch(/^own requests: \d+ failures in \d+ requests .* against the release/);
    expect(clock.now()).toBeLessThanOrEqual(10_000);
  });

  test("also beside many users, whose number would let them rest", async () => {
    const { judged, own } = quietly({ users: 200, each: 20, hung: 0.5 });
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("fail");
    expect(sentence).toMatch(/^own requests: /);
    expect(own.steered).not.toContain(false);
  });

  test("hold a pass where they are too many, and too few to send it back", async () => {
    const { judged, events } = quietly({ users: 0, each: 20, cut: 0.05 }, {}, { bake: tolerant });
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("inconclusive");
    expect(sentence).toMatch(/^own requests: 30 failures in 600 are too many for a pass/);
    const seen = events.flatMap((event) => (event.kind === "Judged" ? (event.seen ?? []) : []));
    expect(seen.at(-1)).toMatchObject({ own: [600, 30] });
  });

  test("leave the verdict open where the former color fails them as well", async () => {
    const { judged } = quietly({ users: 0, each: 20, hung: 1 }, {}, {}, () =>
      Promise.resolve(true),
    );
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("inconclusive");
    expect(sentence).toContain("the former color fails on the same path as well");
  });

  test("are no errors of users", async () => {
    const failings: Failing[] = [];
    const { judged } = quietly({ users: 5, each: 20, hung: 0.5 }, {}, {}, (failing) => {
      failings.push(failing);
      return Promise.resolve(false);
    });
    expect((await judged()).verdict).toBe("fail");
    expect(failings).toMatchObject([{ users: false, share: 0.5 }]);
  });
});

describe("an outage of our own", () => {
  test.each([
    ["our process stands still", { spoiled: 1 }],
    ["nobody takes our requests", { lost: 1 }],
  ])("speaks neither against a release nor for it: %s", async (_, ends) => {
    const { judged } = quietly({ users: 0, each: 20, ...ends });
    const { verdict, sentence } = await judged();
    expect(verdict).toBe("inconclusive");
    expect(sentence).toMatch(/^no requests yet/);
  });

  test.each([{ spoiled: 0.5 }, { lost: 0.5 }])(
    "keeps no good one from passing: %o",
    async (ends) => {
      const { judged } = quietly({ users: 0, each: 20, ...ends });
      expect((await judged()).verdict).toBe("pass");
    },
  );
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
