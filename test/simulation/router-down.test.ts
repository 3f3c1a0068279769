/** The simulated world where the router dies while a release is baked: nobody is served. */

import { expect, test } from "vitest";
import { codeOf } from "../support/world/outcome.ts";
import { deploy } from "../support/world/scenarios.ts";
import { World } from "../support/world/world.ts";

async function diesInTheBake(version: string): Promise<World> {
  const world = new World();
  await world.run(deploy("1"));
  const task = world.start(deploy(version));
  while (world.record.rollout?.phase !== "bake" || world.state.router.lockedBy !== null) {
    await world.schedule.run([task], { steps: 1 });
  }
  world.state.routes = null;
  await world.schedule.run([task]);
  expect(codeOf(task)).toBe("ROUTER_DOWN");
  return world;
}

test("the rollout stays in its bake: nothing is held, and no window begins", async () => {
  const { record } = await diesInTheBake("2");
  expect(record).toMatchObject({ activeColor: "green", rollbackUntil: null, pins: [] });
  expect(record.rollout).toMatchObject({ phase: "bake", version: "2" });
  expect(record.rollout?.baked ?? null).toBeNull();
});

test("the same command goes on once the router is back", async () => {
  const world = await diesInTheBake("2");
  expect(codeOf(await world.run(deploy("2")))).toBe("ROUTER_DOWN");
  expect(codeOf(await world.run({ run: "up" }))).toBe("finished");
  expect(world.serving).toBe("2");
  const again = await world.run(deploy("2"));
  expect(["finished", "BAKE_INCONCLUSIVE"]).toContain(codeOf(again));
  expect(world.record.rollout?.phase).toBe("hold");
  expect(world.state.violations).toEqual([]);
});

test("traffic can go back once the router is back", async () => {
  const world = await diesInTheBake("2");
  expect(codeOf(await world.run({ run: "up" }))).toBe("finished");
  expect(codeOf(await world.run({ run: "rollback" }))).toBe("finished");
  expect([world.serving, world.state.violations]).toEqual(["1", []]);
});
