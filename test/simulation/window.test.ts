/** The simulated world within a rollback window: what ends the way back, and what gives it back. */

import { describe, expect, test } from "vitest";
import { codeOf } from "../support/world/outcome.ts";
import { deploy } from "../support/world/scenarios.ts";
import type { Behaviour, Behaviours } from "../support/world/data-plane.ts";
import type { Command } from "../support/world/world.ts";
import { World, times } from "../support/world/world.ts";

const rollback: Command = { run: "rollback" };
const direct: Command = { run: "rollback direct" };
const abort: Command = { run: "abort" };
const claimBlue: Command = { run: "claim", color: "blue" };
const claimBlueNow: Command = { ...claimBlue, now: true };

/** Green is active with 2, blue holds 1 within its rollback window. */
async function twoReleases(behaviours: Behaviours = {}): Promise<World> {
  const world = new World(behaviours);
  for (const command of [deploy("1"), deploy("2")]) await world.run(command);
  world.pass(5_000);
  return world;
}

describe("a deployment that fails before it has touched the former color", () => {
  const behaviours = { "3": { cannotBeFrozen: true } };

  test.each([rollback, direct])("keeps the way back there: $run", async (back) => {
    const world = await twoReleases(behaviours);
    const { previousRelease, rollbackUntil } = world.record;
    expect(codeOf(await world.run(deploy("3")))).toBe("STORE_FAILED");
    expect(world.record).toMatchObject({ previousRelease, rollbackUntil });
    expect(codeOf(await world.run({ run: "retire", now: false }))).toBe("WINDOW_OPEN");
    expect(codeOf(await world.run(back))).toBe("finished");
    expect([world.serving, world.state.violations]).toEqual(["1", []]);
  });

  test("is no reason to keep that color longer than its window", async () => {
    const world = await twoReleases(behaviours);
    await world.run(deploy("3"));
    world.pass(times.windowMs);
    expect(codeOf(await world.run({ run: "retire", now: false }))).toBe("finished");
    expect(world.state.fills.blue).toBeNull();
  });

  test("leaves no way back where its own engine had died while it filled the color", async () => {
    const changing: Record<string, Behaviour> = {};
    const world = await twoReleases(changing);
    const filling = world.start(deploy("3"));
    while (!world.state.trace.at(-1)?.endsWith("is filling blue")) {
      world.engineSteps = 2;
      await world.schedule.run([filling], { steps: 1 });
    }
    Object.assign(changing, behaviours);
    world.engineSteps = 1;
    await world.schedule.run([filling]);
    expect([codeOf(filling), world.engineLives]).toEqual(["STORE_FAILED", false]);
    expect(codeOf(await world.run(rollback))).toBe("NOTHING_TO_ROLL_BACK");
  });

  test("leaves the verdict on the release that serves as it was", async () => {
    const world = new World(behaviours);
    await world.run(deploy("1"));
    world.state.requestsPerSecond = 1;
    expect(codeOf(await world.run(deploy("2")))).toBe("BAKE_INCONCLUSIVE");
    expect(codeOf(await world.run(deploy("3")))).toBe("STORE_FAILED");
    expect(codeOf(await world.run(deploy("2")))).toBe("BAKE_INCONCLUSIVE");
  });

  test("leaves the verdict on a first release that serves as it was", async () => {
    const world = new World({ ...behaviours, "1": { breaksAfterMs: 5_000 } });
    expect(codeOf(await world.run(deploy("1")))).toBe("FIRST_RELEASE_FAILING");
    expect(codeOf(await world.run(deploy("3")))).toBe("STORE_FAILED");
    expect(codeOf(await world.run(deploy("1")))).toBe("FIRST_RELEASE_FAILING");
  });

  test("leaves no way back where a run before it was killed while it filled the color", async () => {
    const changing: Record<string, Behaviour> = {};
    const world = await twoReleases(changing);
    await world.runUntilKilled(deploy("3"), "is filling blue");
    await world.run({ run: "unlock" });
    Object.assign(changing, behaviours);
    expect(codeOf(await world.run(deploy("3")))).toBe("STORE_FAILED");
    expect(codeOf(await world.run(rollback))).toBe("NOTHING_TO_ROLL_BACK");
    expect([world.serving, world.state.violations]).toEqual(["2", []]);
  });
});

describe("a deployment that is stopped with Ctrl-C", () => {
  async function stoppedAt(point: string): Promise<World> {
    const world = await twoReleases();
    const task = world.start(deploy("3"));
    while (!world.state.trace.at(-1)?.endsWith(point)) {
      await world.schedule.run([task], { steps: 1 });
    }
    world.schedule.interrupt(task.process);
    await world.schedule.run([task]);
    expect(codeOf(task)).toBe("INTERRUPTED");
    return world;
  }

  test.each([rollback, direct])("right after its claim keeps the way back: $run", async (back) => {
    const { previousRelease, rollbackUntil } = (await twoReleases()).record;
    const world = await stoppedAt("has recorded Claim");
    expect(world.record).toMatchObject({ previousRelease, rollbackUntil });
    expect(world.record.rollout).toMatchObject({ phase: "hold", version: "2" });
    expect(codeOf(await world.run(back))).toBe("finished");
    expect([world.serving, world.state.violations]).toEqual(["1", []]);
  });

  test("once the color is filled goes on there", async () => {
    const world = await stoppedAt("has recorded blue");
    expect(world.record.rollout).toMatchObject({ phase: "provision", version: "3" });
    expect(codeOf(await world.run(rollback))).toBe("NOTHING_TO_ROLL_BACK");
    expect(codeOf(await world.run(deploy("3")))).toBe("finished");
  });
});

test("a deployment that fails while it fills the former color leaves no way back", async () => {
  const world = await twoReleases({ "3": { neverHealthy: true } });
  expect(codeOf(await world.run(deploy("3")))).toBe("PROVISION_FAILED");
  expect([world.record.previousRelease, world.record.rollbackUntil]).toEqual([null, null]);
  expect(codeOf(await world.run(rollback))).toBe("NOTHING_TO_ROLL_BACK");
});

describe("a person's claim within the window", () => {
  test("waits for its end, and for --now", async () => {
    const world = await twoReleases();
    expect(codeOf(await world.run(claimBlue))).toBe("WINDOW_OPEN");
    expect(codeOf(await world.run(rollback))).toBe("finished");
    const other = await twoReleases();
    other.pass(times.windowMs);
    expect(codeOf(await other.run(claimBlue))).toBe("finished");
  });

  test("says what it ends, and an abort doesn't bring that back", async () => {
    const world = await twoReleases();
    expect((await world.run(claimBlueNow)).outcome).toMatchObject({
      sentence: expect.stringContaining("there is no way back to 1 any more") as string,
    });
    expect(codeOf(await world.run(abort))).toBe("finished");
    expect(codeOf(await world.run(rollback))).toBe("NOTHING_TO_ROLL_BACK");
  });
});

test("a claim that is refused makes no stack", async () => {
  const world = new World();
  await world.run({ run: "claim", color: "green" });
  expect(codeOf(await world.run({ run: "claim", color: "blue" }))).toBe("CLAIMED");
  expect(world.state.colors.blue.outputs).toBeNull();
});

test("a claim in a new environment makes the router and the color's stack first", async () => {
  const world = new World();
  const claimed = await world.run({ run: "claim", color: "green" });
  expect(claimed.outcome).toMatchObject({
    sentence: expect.stringMatching(
      /^green is yours until .* -s dev-green`, then `bluegreen switch green`$/,
    ) as string,
  });
  expect(world.state.router.outputs).toMatchObject({ claim: { color: "green" } });
  expect([world.state.routes?.generation, world.state.colors.green.outputs]).toEqual([0, {}]);
  const fill: Command = { run: "obey color", color: "green", version: "1" };
  for (const command of [fill, { run: "obey", color: "green" } as const]) {
    expect(codeOf(await world.run(command))).toBe("finished");
  }
  expect([world.serving, world.state.violations]).toEqual(["1", []]);
});
