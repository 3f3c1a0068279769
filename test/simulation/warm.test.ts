/**
 * A former color that is held warm: it shrinks once, grows before it gets traffic, and whoever comes
 * meanwhile, or is killed, never has traffic on an instance that goes.
 */

import { describe, expect, test, vi } from "vitest";
import { codeOf } from "../support/world/outcome.ts";
import { recover } from "../support/world/recovery.ts";
import { deploy } from "../support/world/scenarios.ts";
import type { Actor, Command } from "../support/world/world.ts";
import { World } from "../support/world/world.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 60_000 });

const rollback: Command = { run: "rollback" };
const rollbackNow: Command = { run: "rollback", now: true };
const direct: Command = { run: "rollback direct" };
const switchBack: Command = { run: "switch", color: "blue", bake: false };
const flipByHand: Command = { run: "obey", color: "blue" };
const up: Command = { run: "up" };
const elsewhere: Actor = { host: "ci-2" };

/** Blue holds 1; green with 2 isn't deployed yet. */
async function oneRelease(): Promise<World> {
  const world = new World();
  world.state.warm = 1;
  await world.run(deploy("1"));
  world.pass(5_000);
  return world;
}

async function held(): Promise<World> {
  const world = await oneRelease();
  expect(codeOf(await world.run(deploy("2")))).toBe("finished");
  return world;
}

function sizesOf({ state }: World) {
  const { blue, green } = state.fills;
  return { blue: blue?.addresses.length, green: green?.addresses.length };
}

function attachedIn({ state }: World) {
  return { blue: state.routes?.attached.blue.length, green: state.routes?.attached.green.length };
}

describe("a former color", () => {
  test("shrinks once its successor has passed, and the router knows of what stays", async () => {
    const world = await held();
    expect(sizesOf(world)).toEqual({ blue: 1, green: 2 });
    expect(attachedIn(world)).toEqual({ blue: 1, green: 2 });
    expect(world.told.map((event) => (event.kind === "Ended" ? event.action : null))).toContain(
      "shrink blue from 2 to 1 instances",
    );
    expect(world.state.violations).toEqual([]);
  });

  test.each([
    ["a rollback", rollback],
    ["a switch", switchBack],
  ])("grows before it gets traffic again by %s", async (_name, command) => {
    const world = await held();
    const sizes: (readonly [string | null, number | undefined])[] = [];
    const task = world.start(command);
    while (task.outcome === null) {
      await world.schedule.run([task], { steps: 1 });
      sizes.push([world.active, world.state.fills.blue?.addresses.length]);
    }
    expect(codeOf(task)).toBe("finished");
    expect(sizes.filter(([active]) => active === "blue").map(([, size]) => size)).not.toContain(1);
    expect(attachedIn(world)).toMatchObject({ blue: 2 });
  });

  test("gets its traffic back at once where that is asked for, and grows after it", async () => {
    const world = await held();
    const task = world.start(rollbackNow);
    while (world.active !== "blue") await world.schedule.run([task], { steps: 1 });
    expect(sizesOf(world)).toMatchObject({ blue: 1 });
    await world.schedule.run([task]);
    expect(codeOf(task)).toBe("finished");
    expect([sizesOf(world).blue, attachedIn(world).blue]).toEqual([2, 2]);
  });

  test("gets no traffic by a flip by hand before it has grown", async () => {
    const world = await held();
    expect(codeOf(await world.run(flipByHand))).toBe("COLOR_SMALL");
    expect(world.active).toBe("green");
  });

  test("is gone back to as it is by a direct rollback, and `up` grows it then", async () => {
    const world = await held();
    expect(codeOf(await world.run(direct))).toBe("finished");
    expect([world.active, sizesOf(world).blue]).toEqual(["blue", 1]);
    expect(codeOf(await world.run(up))).toBe("finished");
    expect([world.active, sizesOf(world).blue, attachedIn(world).blue]).toEqual(["blue", 2, 2]);
  });

  test("stays small in an update that brings everything back, and grows in one that is to", async () => {
    const world = await held();
    expect(codeOf(await world.run(up))).toBe("finished");
    expect(sizesOf(world).blue).toBe(1);
    expect(codeOf(await world.run({ run: "up", grow: true }))).toBe("finished");
    expect([sizesOf(world).blue, attachedIn(world).blue]).toEqual([2, 2]);
    expect(codeOf(await world.run(deploy("2")))).toBe("finished");
    expect(sizesOf(world).blue, "not shrunk a second time").toBe(2);
    expect(codeOf(await world.run(flipByHand))).toBe("finished");
  });

  test("stays as large as it is where its successor's bake ended without a pass", async () => {
    const world = await oneRelease();
    world.state.requestsPerSecond = 1;
    expect(codeOf(await world.run(deploy("2")))).toBe("BAKE_INCONCLUSIVE");
    expect(sizesOf(world).blue).toBe(2);
  });

  test("that was to shrink when the command was killed does so in the next one", async () => {
    const world = await oneRelease();
    await world.runUntilKilled(deploy("2"), "has recorded Hold");
    expect(sizesOf(world).blue).toBe(2);
    expect(attachedIn(world).blue).toBe(1);
    expect(codeOf(await world.run(deploy("2")))).toBe("finished");
    expect(sizesOf(world).blue).toBe(1);
  });
});

/** The first stands still at each of its steps, or is killed there, while the others run to their end. */
async function meetEverywhere(
  base: World,
  first: Command,
  others: readonly Command[],
  { killed = false }: { readonly killed?: boolean } = {},
) {
  const found: string[] = [];
  for (let steps = 1; ; steps += 1) {
    const world = base.fork();
    const task = world.start(first);
    await world.schedule.run([task], { steps });
    if (task.outcome !== null) return { found, steps };
    if (killed) world.schedule.kill(task.process);
    for (const each of others) await world.run(each, elsewhere);
    await world.schedule.run([task]);
    const stuck = await recover(world);
    const trouble = [...world.state.violations, ...(stuck === null ? [] : [stuck])];
    found.push(
      ...trouble.map((each) => [`after ${steps}: ${each}`, ...world.state.trace].join("\n")),
    );
  }
}

test.each<[string, Command, Command]>([
  ["a rollback", deploy("2"), rollback],
  ["a rollback at once", deploy("2"), rollbackNow],
  ["a direct rollback", deploy("2"), direct],
  ["a flip by hand", deploy("2"), flipByHand],
  ["a switch", deploy("2"), switchBack],
  ["an update that grows", deploy("2"), { run: "up", grow: true }],
  ["a third release", deploy("2"), deploy("3")],
  ["a retirement", deploy("2"), { run: "retire", now: true }],
])("a deploy that shrinks meets %s at each of its steps", async (_name, first, second) => {
  const { found, steps } = await meetEverywhere(await oneRelease(), first, [second]);
  expect(found).toEqual([]);
  expect(steps).toBeGreaterThan(30);
});

test.each<[string, Command]>([
  ["a rollback", rollback],
  ["a deploy that would shrink", deploy("2")],
  ["a third release", deploy("3")],
  ["a direct rollback", direct],
  ["an update", up],
])("a rollback that grows meets %s at each of its steps", async (_name, second) => {
  const { found, steps } = await meetEverywhere(await held(), rollback, [second]);
  expect(found).toEqual([]);
  expect(steps).toBeGreaterThan(10);
});

describe.each([
  ["stands still", false],
  ["is killed", true],
])("a deploy that shrinks and %s at each of its steps", (_name, killed) => {
  test.each<[string, Command, Command]>([
    ["a rollback at once and an update", rollbackNow, up],
    ["a direct rollback and an update", direct, up],
    ["a direct rollback and an update by hand", direct, { run: "obey", color: null }],
    ["a rollback and a third release", rollback, deploy("3")],
    ["a direct rollback and a third release", direct, deploy("3")],
  ])("meets %s", async (_ways, back, third) => {
    const base = await oneRelease();
    const { found, steps } = await meetEverywhere(base, deploy("2"), [back, third], { killed });
    expect(found).toEqual([]);
    expect(steps).toBeGreaterThan(30);
  });
});

describe("a color that was to shrink when traffic went back to it", () => {
  test("gets no traffic on what may go, until it has grown for certain", async () => {
    const world = await oneRelease();
    const task = world.start(deploy("2"));
    while (!world.state.trace.some((each) => each.endsWith("is trimming blue"))) {
      await world.schedule.run([task], { steps: 1 });
    }
    expect(codeOf(await world.run(direct))).toBe("finished");
    expect(codeOf(await world.run({ run: "obey", color: null }, elsewhere))).toBe("finished");
    expect([world.active, attachedIn(world).blue]).toEqual(["blue", 1]);
    expect(world.record.shrinking).toMatchObject({ color: "blue", size: 1 });
    await world.schedule.run([task]);
    expect(codeOf(await world.run(up))).toBe("finished");
    expect([sizesOf(world).blue, attachedIn(world).blue]).toEqual([2, 2]);
    expect(world.record.shrinking).toBeUndefined();
    expect(world.state.violations).toEqual([]);
  });

  test("grows after a rollback at once, also where the shrink was killed half-way", async () => {
    const world = await oneRelease();
    await world.runUntilKilled(deploy("2"), "is trimming blue");
    expect(codeOf(await world.run(rollbackNow))).toBe("finished");
    expect([world.active, attachedIn(world).blue]).toEqual(["blue", 2]);
    expect(world.record.shrinking).toBeUndefined();
  });
});
