/** The simulated world where something comes between the steps of a shift. */

import { describe, expect, test } from "vitest";
import { BlueGreenError } from "../../infra/errors.ts";
import { codeOf } from "../support/world/outcome.ts";
import { deploy } from "../support/world/scenarios.ts";
import type { Task } from "../support/world/schedule.ts";
import { servedWeights } from "../support/world/state.ts";
import { World } from "../support/world/world.ts";

const steps = [
  { weight: 10, forMs: 20_000 },
  { weight: 50, forMs: 20_000 },
];

async function inSteps(world = new World()): Promise<World> {
  await world.run(deploy("1"));
  world.state.steps = steps;
  return world;
}

/** Goes on with the deploy until green has this share by the record, with the lock free. */
async function shiftedTo(world: World, green: number): Promise<Task> {
  const task = world.start(deploy("2"));
  for (let step = 0; step < 300; step += 1) {
    if (world.record.weights.green === green && world.state.router.lockedBy === null) return task;
    await world.schedule.run([task], { steps: 1 });
  }
  return expect.fail(`${green} % was never reached`);
}

const fault = (unreadable: boolean) => ({
  error: new BlueGreenError("BACKEND_UNREACHABLE", "it doesn't answer"),
  unreadable,
});

describe("where the record can't be read again after a step", () => {
  test("traffic goes back, and the release isn't blamed", async () => {
    const world = await inSteps();
    const task = await shiftedTo(world, 10);
    world.noWayBack = fault(true);
    await world.schedule.run([task]);
    expect([codeOf(task), world.serving]).toEqual(["ROLLED_BACK", "1"]);
    world.noWayBack = null;
    expect(codeOf(await world.run(deploy("2")))).toBe("finished");
    expect([world.record.pins, world.state.violations]).toEqual([[], []]);
  });

  test.each([
    ["good", {}, ["finished", "2"]],
    ["broken", { "2": { breaksAfterMs: 1_000 } }, ["ROLLED_BACK", "1"]],
  ])("a %s release that has all traffic is judged still", async (_name, behaviours, end) => {
    const world = await inSteps(new World(behaviours));
    world.state.steps = [];
    world.state.hooks = ["POST_PRODUCTION_TRAFFIC_SHIFT"];
    const task = await shiftedTo(world, 100);
    world.noWayBack = fault(true);
    await world.schedule.run([task]);
    expect([codeOf(task), world.serving]).toEqual(end);
    expect(world.state.violations).toEqual([]);
  });
});

describe("a share that a person has set past the shift", () => {
  test.each([
    ["a smaller one", 10, 5],
    ["one below all steps", 50, 5],
    ["an earlier step's", 50, 10],
    ["a greater one", 10, 80],
  ])("stays: %s", async (_name, reached, green) => {
    const world = await inSteps();
    const task = await shiftedTo(world, reached);
    const set = { blue: 100 - green, green };
    world.plane.shareByStranger(set);
    await world.schedule.run([task]);
    expect([codeOf(task), servedWeights(world.state)]).toEqual(["DRIFT", set]);
    expect(codeOf(await world.run(deploy("2")))).toBe("DRIFT");
    expect(servedWeights(world.state)).toEqual(set);
    expect(codeOf(await world.run({ run: "rollback" }))).toBe("finished");
    expect([world.serving, world.state.violations]).toEqual(["1", []]);
  });

  test.each([
    ["lower, after a kill", 50, 10, true],
    ["higher, after a kill", 10, 80, true],
    ["higher, in a run that lives on", 10, 80, false],
    ["a step's, in a run that lives on", 10, 50, false],
  ])("stays with the rollout's stamp left: %s", async (_name, reached, green, killed) => {
    const world = await inSteps();
    const task = await shiftedTo(world, reached);
    const set = { blue: 100 - green, green };
    world.plane.shareByStranger(set, world.record.rollout?.id);
    if (killed) world.schedule.kill(task.process);
    else {
      await world.schedule.run([task]);
      expect(codeOf(task)).toBe("DRIFT");
    }
    if (killed || green === 80) expect(codeOf(await world.run(deploy("2")))).toBe("DRIFT");
    expect([servedWeights(world.state), world.state.violations]).toEqual([set, []]);
  });

  test("is gone on from once it is recorded and a deploy asks for it", async () => {
    const world = await inSteps();
    const task = await shiftedTo(world, 50);
    world.plane.shareByStranger({ blue: 95, green: 5 });
    await world.schedule.run([task]);
    expect(codeOf(await world.run({ run: "up" }))).toBe("finished");
    expect(world.record.weights).toEqual({ blue: 95, green: 5 });
    expect(codeOf(await world.run(deploy("2")))).toBe("finished");
    expect([world.serving, world.state.violations]).toEqual(["2", []]);
  });
});

describe("a router that doesn't take a share", () => {
  test("ends the rollout before the first step as not served, and nobody is blamed", async () => {
    const world = await inSteps();
    world.switchFails = "green";
    const task = await world.run(deploy("2"));
    expect([codeOf(task), world.serving]).toEqual(["SWITCH_NOT_SERVED", "1"]);
    expect([world.record.rollout ?? null, world.record.pins]).toEqual([null, []]);
    world.switchFails = false;
    expect(codeOf(await world.run(deploy("2")))).toBe("finished");
    expect(world.state.violations).toEqual([]);
  });

  test("returns all traffic after one", async () => {
    const world = await inSteps();
    const task = await shiftedTo(world, 10);
    world.switchFails = "green";
    await world.schedule.run([task]);
    expect([codeOf(task), world.serving]).toEqual(["ROLLED_BACK", "1"]);
    expect(task.outcome).toMatchObject({ error: { message: "the router doesn't take the share" } });
    expect([world.record.pins, world.state.violations]).toEqual([[], []]);
  });
});

test("what the former color served while its update took long doesn't count into a step", async () => {
  const world = await inSteps();
  const task = world.start(deploy("2"));
  while (!world.state.trace.at(-1)?.endsWith("has planned Shift")) {
    await world.schedule.run([task], { steps: 1 });
  }
  world.pass(5_000);
  const { requests } = world.state.counters.blue;
  while (world.record.weights.green !== 10) await world.schedule.run([task], { steps: 1 });
  const counted = world.record.rollout?.baseline?.blue.requests ?? 0;
  expect(counted).toBeGreaterThanOrEqual(Math.floor(requests));
  await world.schedule.run([task]);
  expect(codeOf(task)).toBe("finished");
});
