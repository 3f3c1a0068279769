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

test("a claim in a new environment makes the router and the color's stack first", async () => {
  const world = new World();
  const claimed = await world.run({ run: "claim", color: "green" });
  expect(claimed.outcome).toMatchObject({
    sentence: expect.stringMatching(/^green is yours until .* -s dev-green`$/) as string,
  });
  expect(world.state.router.outputs).toMatchObject({ claim: { color: "green" } });
  expect([world.state.routes?.generation, world.state.colors.green.outputs]).toEqual([0, {}]);
  const fill: Command = { run: "obey color", color: "green", version: "1" };
  for (const command of [fill, { run: "obey", color: "green" } as const]) {
    expect(codeOf(await world.run(command))).toBe("finished");
  }
  expect([world.serving, world.state.violations]).toEqual(["1", []]);
});
