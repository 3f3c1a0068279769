/** The simulated world where a way back is needed: what it may touch, and where it must not lead. */

import { describe, expect, test } from "vitest";
import { codeOf } from "../support/world/outcome.ts";
import { recover } from "../support/world/recovery.ts";
import { deploy } from "../support/world/scenarios.ts";
import { servedWeights } from "../support/world/state.ts";
import type { Behaviours } from "../support/world/data-plane.ts";
import type { Command } from "../support/world/world.ts";
import { World } from "../support/world/world.ts";

const direct: Command = { run: "rollback direct" };
const toBlue: Command = { run: "switch", color: "blue", bake: false };
const byHand = { run: "obey", color: "blue" } as const;
const retireNow: Command = { run: "retire", now: true };

async function worldAfter(before: readonly Command[], behaviours: Behaviours = {}) {
  const world = new World(behaviours);
  for (const command of before) await world.run(command);
  return world;
}

describe("a direct rollback without the record goes nowhere", () => {
  test.each<readonly [string, readonly Command[]]>([
    ["before there was a switch", [deploy("1")]],
    ["beside a release that was claimed by hand", [deploy("1"), { run: "claim", color: "green" }]],
    ["once the former color is emptied", [deploy("1"), deploy("2"), retireNow]],
    [
      "once the former color is claimed",
      [deploy("1"), deploy("2"), { run: "claim", color: "blue", now: true }],
    ],
  ])("%s", async (_name, before) => {
    const world = await worldAfter(before);
    const { serving } = world;
    expect(codeOf(await world.run(direct))).toBe("NOTHING_TO_ROLL_BACK");
    expect(world.serving).toBe(serving);
  });

  test("beside a release that is filled, attached and not checked yet", async () => {
    const world = await worldAfter([deploy("1"), deploy("2")]);
    await world.runUntilKilled(deploy("3"), "checks blue");
    expect(world.state.routes?.attached.blue).toHaveLength(2);
    expect(codeOf(await world.run(direct))).toBe("NOTHING_TO_ROLL_BACK");
    expect(world.serving).toBe("2");
  });

  test("but back after a switch that was killed before its record", async () => {
    const world = await worldAfter([deploy("1")]);
    await world.runUntilKilled(deploy("2"), "has saved routes for Switch");
    expect(world.serving).toBe("2");
    expect(codeOf(await world.run(direct))).toBe("finished");
    expect(world.serving).toBe("1");
  });
});

describe("a file that names the former color in the middle of a shift", () => {
  async function shifting() {
    const world = await worldAfter([deploy("1")]);
    world.state.steps = [{ weight: 10, forMs: 60_000 }];
    const task = world.start(deploy("2"));
    const { state } = world;
    while (world.record.weights.green !== 10 || state.router.lockedBy !== null) {
      expect(task.outcome).toBeNull();
      await world.schedule.run([task], { steps: 1 });
    }
    return { world, task };
  }

  test("ends it, and the run that was watching it moves nothing any more", async () => {
    const { world, task } = await shifting();
    expect(codeOf(await world.run(byHand, { host: "ci-2" }))).toBe("finished");
    expect(servedWeights(world.state)).toEqual({ blue: 100, green: 0 });
    await world.schedule.run([task]);
    expect(codeOf(task)).not.toBe("finished");
    expect([world.serving, world.record.rollout]).toEqual(["1", null]);
    expect([world.record.declared, world.state.violations]).toEqual(["blue", []]);
    expect(codeOf(await world.run(byHand))).toBe("finished");
    expect(world.serving).toBe("1");
    expect(await recover(world)).toBeNull();
  });

  test("ends it also after its run was killed", async () => {
    const { world, task } = await shifting();
    world.schedule.kill(task.process);
    await world.run({ run: "unlock" });
    expect(codeOf(await world.run(byHand))).toBe("finished");
    expect([world.serving, world.record.rollout]).toEqual(["1", null]);
    expect(await recover(world)).toBeNull();
    expect(world.state.violations).toEqual([]);
  });
});

describe("a switch that isn't served and can't be set back", () => {
  test.each<readonly [string, Command]>([
    ["deployment", deploy("3")],
    ["switch", { run: "switch", color: "blue", bake: true }],
  ])("ends on the former color by a rollback: %s", async (_name, command) => {
    const world = await worldAfter([deploy("1"), deploy("2")]);
    world.switchFails = "blue";
    world.setBackFails = true;
    expect(codeOf(await world.run(command))).toBe("ROLLED_BACK");
    expect([world.serving, world.record.activeColor]).toEqual(["2", "green"]);
    expect([world.record.rollout ?? null, world.record.pins]).toEqual([null, []]);
    expect(world.state.violations).toEqual([]);
  });

  test("is stuck where the way back isn't served either", async () => {
    const world = await worldAfter([deploy("1")]);
    world.switchFails = true;
    world.setBackFails = true;
    expect(codeOf(await world.run(deploy("2")))).toBe("SWITCH_STUCK");
    expect(world.serving).toBe("1");
  });

  test("is stuck where there is no former color", async () => {
    const world = new World();
    world.switchFails = true;
    world.setBackFails = true;
    expect(codeOf(await world.run(deploy("1")))).toBe("SWITCH_STUCK");
  });
});

describe("a release that answers with errors right after its switch", () => {
  test.each<readonly [string, Command]>([
    ["deployment", deploy("3")],
    ["switch", { run: "switch", color: "blue", bake: true }],
    ["switch without a bake", { run: "switch", color: "blue", bake: false }],
  ])("is left at once and pinned: %s", async (_name, command) => {
    const world = await worldAfter([deploy("1"), deploy("2")]);
    world.answersErrors = "blue";
    expect(codeOf(await world.run(command))).toBe("ROLLED_BACK");
    expect([world.serving, world.record.activeColor]).toEqual(["2", "green"]);
    const deploys = command.run === "deploy";
    expect(world.record.pins).toMatchObject([{ version: deploys ? "3" : "1" }]);
    // A switch that took no effect leaves what it met.
    expect(world.record.rollout?.version).toBe(deploys ? undefined : "2");
    expect(world.state.violations).toEqual([]);
    world.answersErrors = null;
    expect(codeOf(await world.run(command))).toBe("RELEASE_PINNED");
    expect(codeOf(await world.run(deploy("4")))).toBe("finished");
  });

  test("is pinned by the command that proves a switch which was cut short", async () => {
    const world = await worldAfter([deploy("1"), deploy("2")]);
    await world.runUntilKilled(deploy("3"), "has saved routes for Switch");
    await world.run({ run: "unlock" });
    world.answersErrors = "blue";
    expect(codeOf(await world.run(deploy("3")))).toBe("ROLLED_BACK");
    expect(world.serving).toBe("2");
    expect(world.record.pins).toMatchObject([{ version: "3" }]);
    expect(world.state.violations).toEqual([]);
  });

  test.each<readonly [string, Command, string, readonly Command[]]>([
    ["a deployment", deploy("3"), "Switch", [deploy("3"), deploy("3")]],
    ["a switch", { run: "switch", color: "blue", bake: false }, "Switch", [toBlue]],
    ["an update by hand", byHand, "Obey", [byHand, { ...byHand, generation: 2 }]],
  ])("is pinned though it is killed right after: %s", async (_name, command, request, again) => {
    const world = await worldAfter([deploy("1"), deploy("2")]);
    world.answersErrors = "blue";
    await world.runUntilKilled(command, `has set back ${request}`);
    await world.run({ run: "unlock" });
    world.answersErrors = null;
    for (const each of again) {
      expect(codeOf(await world.run(each))).toMatch(/RELEASE_PINNED|STALE_INTENT|USAGE/);
      expect(world.serving).toBe("2");
    }
    expect(codeOf(await world.run(deploy("4")))).toBe("finished");
    expect(world.record.pins).toHaveLength(1);
    expect(world.state.violations).toEqual([]);
  });

  test("keeps an update by hand from switching to it time and again", async () => {
    const world = await worldAfter([deploy("1"), deploy("2")]);
    world.answersErrors = "blue";
    expect(codeOf(await world.run(byHand))).toBe("ROLLED_BACK");
    world.answersErrors = null;
    expect(codeOf(await world.run(byHand))).toBe("RELEASE_PINNED");
    expect([world.serving, world.state.violations]).toEqual(["2", []]);
  });

  test("is pinned after a direct rollback that no update has recorded yet, too", async () => {
    const world = await worldAfter([deploy("1"), deploy("2"), direct]);
    world.answersErrors = "green";
    const toGreen: Command = { run: "switch", color: "green", bake: false };
    await world.runUntilKilled(toGreen, "has set back Switch");
    await world.run({ run: "unlock" });
    world.answersErrors = null;
    expect(codeOf(await world.run(toGreen))).toBe("RELEASE_PINNED");
    expect(codeOf(await world.run({ run: "up" }))).toBe("finished");
    expect(world.record).toMatchObject({ activeColor: "blue", pins: [{ version: "2" }] });
    expect(world.record.previousRelease ?? null).toBeNull();
    expect([world.serving, world.state.violations]).toEqual(["1", []]);
  });

  test("has nothing to be left for when it is the first one", async () => {
    const world = new World();
    world.answersErrors = "blue";
    expect(codeOf(await world.run(deploy("1")))).toBe("SWITCH_NOT_SERVED");
    expect([world.active, world.record.pins]).toEqual([null, []]);
  });
});

describe("what the former color still answers is waited for", () => {
  const rollback: Command = { run: "rollback" };

  test.each<readonly [string, readonly Command[], Command]>([
    ["before it is emptied", [deploy("1"), deploy("2"), rollback], retireNow],
    ["before it is filled anew", [deploy("1"), deploy("2"), rollback], deploy("3")],
    ["after a direct rollback", [deploy("1"), deploy("2"), direct], deploy("3")],
  ])("%s", async (_name, before, command) => {
    const world = new World();
    world.state.requestMs = 800;
    for (const each of before) expect(codeOf(await world.run(each))).toBe("finished");
    const { nowMs } = world.state;
    expect(codeOf(await world.run(command))).toBe("finished");
    expect(world.state.violations).toEqual([]);
    expect(world.state.nowMs - nowMs).toBeGreaterThan(600);
  });

  test("by whoever goes on with a deployment that was killed there", async () => {
    const world = new World();
    world.state.requestMs = 800;
    for (const each of [deploy("1"), deploy("2"), rollback]) await world.run(each);
    const task = world.start(deploy("3"));
    await world.schedule.run([task], { steps: 6 });
    world.schedule.kill(task.process);
    expect(codeOf(await world.run(deploy("3")))).toBe("finished");
    expect([world.serving, world.state.violations]).toEqual(["3", []]);
  });

  test("but not longer than the drain time", async () => {
    const world = new World();
    world.state.requestMs = 3_600_000;
    for (const each of [deploy("1"), deploy("2"), rollback]) await world.run(each);
    const { nowMs } = world.state;
    expect(codeOf(await world.run(retireNow))).toBe("finished");
    expect(world.state.nowMs - nowMs).toBeLessThan(3_000);
    expect(world.state.fills.green).toBeNull();
  });
});

describe("taking an environment down", () => {
  test("is refused while somebody's first release is being filled", async () => {
    const world = new World();
    const task = world.start(deploy("1"));
    while (world.state.fills.blue === null) await world.schedule.run([task], { steps: 1 });
    expect(codeOf(await world.run({ run: "down" }))).toBe("CLAIMED");
    await world.schedule.run([task]);
    expect([codeOf(task), world.serving]).toEqual(["finished", "1"]);
  });

  test("goes on once that rollout was ended", async () => {
    const world = new World();
    const task = world.start(deploy("1"));
    while (world.state.fills.blue === null) await world.schedule.run([task], { steps: 1 });
    world.schedule.kill(task.process);
    await world.run({ run: "abort" });
    await world.run({ run: "unlock" });
    expect(codeOf(await world.run({ run: "down" }))).toBe("finished");
    expect([world.state.fills.blue, world.state.routes]).toEqual([null, null]);
  });
});
