/** The simulated world where the engine can't return traffic: the rollout goes back past it. */

import { describe, expect, test } from "vitest";
import { BlueGreenError } from "../../infra/errors.ts";
import type { ErrorCode } from "../../infra/errors.ts";
import { codeOf } from "../support/world/outcome.ts";
import { deploy } from "../support/world/scenarios.ts";
import { nextPause } from "../support/world/schedule.ts";
import type { Task } from "../support/world/schedule.ts";
import { World } from "../support/world/world.ts";

/** Blue serves 1; 2 breaks in its bake. */
async function beforeTheBreak(): Promise<World> {
  const world = new World({ "2": { breaksAfterMs: 5_000 } });
  await world.run(deploy("1"));
  return world;
}

/** Somebody else's update begins in the bake, and takes long. */
async function lockedInItsBake(world: World): Promise<Task> {
  const task = world.start(deploy("2"));
  const other = world.start({ run: "up" }, { host: "ci-2" });
  while (world.record.rollout?.phase !== "bake" || world.state.router.lockedBy !== null) {
    await world.schedule.run([task], { steps: 1 });
  }
  world.state.router.lockedBy = other.process.owner.pid;
  await world.schedule.run([task]);
  return task;
}

async function expectPinned(world: World): Promise<void> {
  expect(world.serving).toBe("1");
  expect(codeOf(await world.run(deploy("2")))).toBe("RELEASE_PINNED");
  expect(codeOf(await world.run({ run: "up" }))).toBe("finished");
  expect(world.record).toMatchObject({ activeColor: "blue", pins: [{ version: "2" }] });
  expect(world.record.rollout ?? null).toBeNull();
  expect(codeOf(await world.run(deploy("3")))).toBe("finished");
  expect(world.state.violations).toEqual([]);
}

const verdict = /^\d+ errors in [\d,]+ requests/;

describe("a release that fails its bake", () => {
  test("loses its traffic though another update holds the lock", async () => {
    const world = await beforeTheBreak();
    const task = await lockedInItsBake(world);
    expect(codeOf(task)).toBe("ROLLED_BACK");
    world.state.router.lockedBy = null;
    await expectPinned(world);
  });

  test.each<readonly [ErrorCode, boolean]>([
    ["STORE_FAILED", false],
    ["STORE_FAILED", true],
    ["BACKEND_UNREACHABLE", true],
    ["ENGINE_FAILED", true],
    ["PLAN_REFUSED", false],
    ["COLOR_BUSY", false],
    ["ROUTER_BUSY", false],
  ])(
    "loses its traffic though the engine says %s, unreadable from then on: %s",
    async (code, unreadable) => {
      const world = await beforeTheBreak();
      world.noWayBack = { error: new BlueGreenError(code, "it doesn't go"), unreadable };
      const task = await world.run(deploy("2"));
      expect(codeOf(task)).toBe("ROLLED_BACK");
      expect(task.outcome).toMatchObject({
        error: { message: expect.stringMatching(verdict) as string },
      });
      world.noWayBack = null;
      await expectPinned(world);
    },
  );

  test("keeps it where the router can't be written either, and a person is told how it is", async () => {
    const world = await beforeTheBreak();
    const error = new BlueGreenError("COLOR_BUSY", "requests are open");
    world.noWayBack = { error, unreadable: false };
    world.directFails = true;
    const task = await world.run(deploy("2"));
    expect([codeOf(task), world.serving]).toEqual(["SWITCH_STUCK", "2"]);
    expect(task.outcome).toMatchObject({
      error: {
        message: expect.stringMatching(verdict) as string,
        hint: "go back with `bluegreen rollback --direct`",
        details: ["COLOR_BUSY: requests are open"],
      },
    });
    Object.assign(world, { noWayBack: null, directFails: false });
    expect(codeOf(await world.run({ run: "rollback direct" }))).toBe("finished");
    expect(world.serving).toBe("1");
  });

  test("is left also when a person asks to stop just then", async () => {
    const world = await beforeTheBreak();
    world.noWayBack = { error: new BlueGreenError("STORE_FAILED", "disk full"), unreadable: false };
    const task = world.start(deploy("2"));
    while (nextPause(task)?.point !== "locks router" || world.serving !== "2") {
      await world.schedule.run([task], { steps: 1 });
    }
    world.schedule.interrupt(task.process);
    await world.schedule.run([task]);
    expect([codeOf(task), world.serving]).toEqual(["ROLLED_BACK", "1"]);
  });
});

test("a switch that is stuck is left past the engine, and its release isn't blamed", async () => {
  const world = new World();
  for (const version of ["1", "2"]) await world.run(deploy(version));
  world.switchFails = "blue";
  world.setBackFails = true;
  world.noWayBack = { error: new BlueGreenError("STORE_FAILED", "disk full"), unreadable: false };
  expect(codeOf(await world.run(deploy("3")))).toBe("ROLLED_BACK");
  expect(world.serving).toBe("2");
  Object.assign(world, { noWayBack: null, switchFails: false });
  expect(codeOf(await world.run(deploy("3")))).toBe("finished");
  expect([world.record.pins, world.state.violations]).toEqual([[], []]);
});

test("an update that went back and couldn't be saved isn't made once more", async () => {
  const world = await beforeTheBreak();
  const task = world.start(deploy("2"));
  while (!world.state.trace.at(-1)?.endsWith("has written routes for RollBack")) {
    await world.schedule.run([task], { steps: 1 });
  }
  // The engine dies there, and the update that would record it can't be made.
  world.engineSteps = 1;
  while (nextPause(task)?.point !== "locks router") {
    await world.schedule.run([task], { steps: 1 });
  }
  world.noWayBack = { error: new BlueGreenError("STORE_FAILED", "disk full"), unreadable: false };
  await world.schedule.run([task]);
  expect([codeOf(task), world.serving]).toEqual(["ROLLED_BACK", "1"]);
  world.noWayBack = null;
  await expectPinned(world);
});
