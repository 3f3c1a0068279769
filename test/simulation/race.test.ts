/**
 * Several people and jobs at once: one stands still at any of its steps while another goes on, and
 * random schedules of three. Who comes second is told so; nothing is ever mixed.
 */

import { describe, expect, test, vi } from "vitest";
import { BlueGreenError } from "../../infra/errors.ts";
import type { Behaviours } from "../support/world/data-plane.ts";
import { codeOf } from "../support/world/outcome.ts";
import { recover } from "../support/world/recovery.ts";
import { deploy } from "../support/world/scenarios.ts";
import type { Task } from "../support/world/schedule.ts";
import type { Actor, Command } from "../support/world/world.ts";
import { World, times } from "../support/world/world.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 60_000 });

const retireNow: Command = { run: "retire", now: true };
const rollback: Command = { run: "rollback" };
const direct: Command = { run: "rollback direct" };
const switchBack: Command = { run: "switch", color: "blue", bake: false };
const flipByHand: Command = { run: "obey", color: "blue" };
const fillByHand: Command = { run: "obey color", color: "blue", version: "7" };
const claimByHand: Command = { run: "claim", color: "blue", now: true };
const abort: Command = { run: "abort" };
const up: Command = { run: "up" };

const elsewhere: Actor = { host: "ci-2" };

/** Green is active with 2, blue holds 1 within its rollback window. */
async function twoReleases(behaviours: Behaviours = {}): Promise<World> {
  const world = new World(behaviours);
  await world.run(deploy("1"));
  await world.run(deploy("2"));
  world.pass(5_000);
  return world;
}

interface Pair {
  readonly first: Command;
  readonly second: Command;
  /** Time for which the first stands still; beyond the claim's deadline it counts as dead. */
  readonly stillMs: number;
}

/** The second takes its first steps there, rests while the first ends, and ends after it. */
const restAfterSteps = [4, 13, 29, 1_000];

interface Met {
  readonly codes: readonly [string, string];
  readonly trouble: readonly string[];
}

async function meet(base: World, pair: Pair, at: readonly [number, number]): Promise<Met | null> {
  const world = base.fork();
  const first = world.start(pair.first);
  await world.schedule.run([first], { steps: at[0] });
  if (first.outcome !== null) return null;
  const second = world.start(pair.second, elsewhere);
  world.pass(pair.stillMs);
  await world.schedule.run([second], { steps: at[1] });
  await world.schedule.run([first]);
  await world.schedule.run([second]);
  return { codes: [codeOf(first), codeOf(second)], trouble: await troubles(world) };
}

async function troubles(world: World): Promise<readonly string[]> {
  const stuck = await recover(world);
  const found = [...world.state.violations, ...(stuck === null ? [] : [`no way out: ${stuck}`])];
  return found.map((each) => [each, ...world.state.trace].join("\n"));
}

async function meetEverywhere(base: World, pair: Pair): Promise<readonly Met[]> {
  const all: Met[] = [];
  for (let steps = 1; ; steps += 1) {
    for (const rest of restAfterSteps) {
      const met = await meet(base, pair, [steps, rest]);
      if (met === null) return all;
      all.push(met);
    }
  }
}

const seconds: readonly Command[] = [
  deploy("4"),
  switchBack,
  rollback,
  direct,
  retireNow,
  abort,
  flipByHand,
  fillByHand,
  claimByHand,
  up,
];

describe.each([
  { name: "for a moment", stillMs: 0 },
  { name: "beyond its claim", stillMs: times.claimMs + 1_000 },
])("a deploy that stands still $name", ({ stillMs }) => {
  test.each(seconds)("meets $run at each of its steps", async (second) => {
    const base = await twoReleases();
    const met = await meetEverywhere(base, { first: deploy("3"), second, stillMs });
    expect(met.flatMap(({ trouble }) => trouble)).toEqual([]);
  });
});

describe.each([
  { name: "for a moment", stillMs: 0 },
  { name: "beyond its claim", stillMs: 30_000 + times.claimMs + 1_000 },
])("a deploy in steps that stands still $name", ({ stillMs }) => {
  test.each(seconds)("meets $run at each of its steps", async (second) => {
    const base = await twoReleases();
    base.state.steps = [{ weight: 10, forMs: 15_000 }];
    const met = await meetEverywhere(base, { first: deploy("3"), second, stillMs });
    expect(met.flatMap(({ trouble }) => trouble)).toEqual([]);
  });
});

test.each<[string, Command, Command]>([
  ["a switch meets a retirement", switchBack, retireNow],
  ["a retirement meets a switch", retireNow, switchBack],
  ["a retirement meets a deploy", retireNow, deploy("3")],
  ["a retirement meets a by-hand flip", retireNow, flipByHand],
  ["a retirement meets a rollback", retireNow, rollback],
  ["a rollback meets a deploy", rollback, deploy("3")],
  ["a rollback meets a rollback", rollback, rollback],
  ["a retirement meets a direct rollback", retireNow, direct],
  ["a switch meets a direct rollback", switchBack, direct],
  ["a rollback meets a direct rollback", rollback, direct],
  ["a by-hand flip meets a direct rollback", flipByHand, direct],
  ["an update meets a direct rollback", up, direct],
  ["a direct rollback meets a deploy", direct, deploy("3")],
  ["a by-hand flip meets a deploy", flipByHand, deploy("3")],
  ["a by-hand flip meets a retirement", flipByHand, retireNow],
])("%s at each of its steps", async (_name, first, second) => {
  const base = await twoReleases();
  const met = await meetEverywhere(base, { first, second, stillMs: 0 });
  expect(met.flatMap(({ trouble }) => trouble)).toEqual([]);
});

describe("a color that a person has filled before, and has claimed once more", () => {
  const claimedAgain = async (): Promise<World> => {
    const world = await twoReleases();
    for (const command of [claimByHand, fillByHand, abort, claimByHand]) {
      expect(codeOf(await world.run(command))).toBe("finished");
    }
    return world;
  };
  const refill: Command = { run: "obey color", color: "blue", version: "8" };

  test("gets no traffic at any step of its filling by hand", async () => {
    const base = await claimedAgain();
    const met = await meetEverywhere(base, { first: refill, second: flipByHand, stillMs: 0 });
    expect(met.flatMap(({ trouble }) => trouble)).toEqual([]);
    const codes = met.map(({ codes: [, second] }) => second);
    expect(new Set(codes)).toEqual(new Set(["CLAIMED", "finished"]));
  });

  test("isn't filled twice under one claim: the first fill may be getting traffic", async () => {
    const world = await claimedAgain();
    expect(codeOf(await world.run(refill))).toBe("finished");
    expect(codeOf(await world.run({ ...refill, version: "9" }))).toBe("NOT_CLAIMED");
    expect(codeOf(await world.run(flipByHand))).toBe("finished");
    expect(world.serving).toBe("8");
  });

  test.each([
    ["a flip by hand", [flipByHand]],
    ["an abort and a switch", [abort, switchBack]],
  ])("with the same release may get traffic: %s", async (_name, commands) => {
    const world = await claimedAgain();
    for (const command of [fillByHand, ...commands]) {
      expect(codeOf(await world.run(command))).toBe("finished");
    }
    expect(world.serving).toBe("7");
  });
});

test("of two deploys one wins, and the other says whose claim it met", async () => {
  const base = await twoReleases();
  for (let steps = 1; steps < 12; steps += 1) {
    const world = base.fork();
    const tasks = [world.start(deploy("3")), world.start(deploy("4"), elsewhere)] as const;
    await world.schedule.run([tasks[0]], { steps });
    await world.schedule.run(tasks, { choose: (runnable) => runnable.length - 1 });
    const codes = tasks.map(codeOf);
    expect(codes.toSorted()).toEqual(["CLAIMED", "finished"]);
    const lost = tasks[codes.indexOf("CLAIMED")] as Task;
    const won = tasks[codes.indexOf("finished")] as Task;
    expect(lost.outcome).toMatchObject({ error: expect.any(BlueGreenError) as unknown });
    const { host, pid } = won.process.owner;
    expect(JSON.stringify(lost.outcome?.kind === "failed" && lost.outcome.error.message)).toContain(
      `on ${host} (process ${pid})`,
    );
    expect(world.state.violations).toEqual([]);
  }
});

test("a rollback never goes to a color that another deploy is filling or checking", async () => {
  const base = await twoReleases();
  const pair = { first: deploy("3"), second: rollback, stillMs: 0 };
  const met = await meetEverywhere(base, pair);
  const codes = new Set(met.map(({ codes: [, second] }) => second));
  expect([...codes].toSorted()).toEqual([
    "NOTHING_TO_ROLL_BACK",
    "ROLLBACK_IMPOSSIBLE",
    "finished",
  ]);
});

/** How many steps the command takes with nobody around until it is about to get to the point. */
async function stepsBefore(base: World, command: Command, point: string): Promise<number> {
  const world = base.fork();
  const before = world.state.trace.length;
  const { process } = await world.run(command);
  const own = world.state.trace.slice(before).indexOf(`${process.name}: ${point}`);
  expect(own).toBeGreaterThan(0);
  // The lock is taken in the step before, so there one stands still without it.
  return own - 1;
}

test("a judge who comes too late doesn't move the traffic of the rollout after his", async () => {
  const world = new World({ "2": { breaksAfterMs: 5_000 } });
  await world.run(deploy("1"));
  const steps = await stepsBefore(world, deploy("2"), "has read for RollBack");
  const late = world.start(deploy("2"));
  await world.schedule.run([late], { steps });
  expect([world.serving, late.outcome]).toEqual(["2", null]);
  world.pass(times.claimMs + 1_000);
  expect(codeOf(await world.run(deploy(null), elsewhere))).toBe("ROLLED_BACK");
  expect(codeOf(await world.run(deploy("3"), elsewhere))).toBe("finished");
  await world.schedule.run([late]);
  expect([codeOf(late), world.serving]).toEqual(["CLAIMED", "3"]);
  expect(world.state.violations).toEqual([]);
});

/** A small generator, so that a printed seed brings the same schedule again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const everything = [...seconds, deploy("3"), deploy(null)];

async function randomMeeting(base: World, seed: number): Promise<readonly string[]> {
  const random = randomFrom(seed);
  const world = base.fork();
  const tasks = Array.from({ length: 3 }, () => {
    const host = `ci-${random(2)}`;
    return world.start(everything[random(everything.length)] ?? up, { host });
  });
  // Runs of one process make deep interleavings likelier than a coin for every step would.
  let [favorite, left] = [0, 0];
  const victim = random(4) === 0 ? tasks[0] : null;
  for (let round = 0; round < 40; round += 1) {
    if (round === 10 && victim?.outcome === null) world.schedule.kill(victim.process);
    await world.schedule.run(tasks, {
      steps: 12,
      choose: () => {
        if (left === 0) [favorite, left] = [random(3), 1 + random(20)];
        left -= 1;
        return favorite;
      },
    });
  }
  await world.schedule.run(tasks);
  return (await troubles(world)).map((each) => `seed ${seed}: ${each}`);
}

test("three at once in random schedules, one of them sometimes killed", async () => {
  const first = Number(process.env["BLUEGREEN_SEED"] ?? 1);
  const count = Number(process.env["BLUEGREEN_SCHEDULES"] ?? 400);
  const base = await twoReleases({ "4": { breaksAfterMs: 5_000 } });
  const found: string[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    found.push(...(await randomMeeting(base, seed)));
  }
  expect(found).toEqual([]);
});
