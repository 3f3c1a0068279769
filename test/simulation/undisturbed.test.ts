/** The simulated world without any disturbance: each scenario ends as its name promises. */

import { describe, expect, test, vi } from "vitest";
import { arrange, deploy, scenarios } from "../support/world/scenarios.ts";
import type { Behaviour } from "../support/world/data-plane.ts";
import { World, times } from "../support/world/world.ts";
import type { Command } from "../support/world/world.ts";
import { servedWeights } from "../support/world/state.ts";
import { codeOf } from "../support/world/outcome.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 60_000 });

const ends: Readonly<Record<string, readonly [code: string, serving: string | null]>> = {
  "first deploy": ["finished", "1"],
  "deploy 1 -> 2": ["finished", "2"],
  "deploy into the former color within its window": ["finished", "3"],
  "deploy of a release that never gets healthy": ["PROVISION_FAILED", "1"],
  "deploy of a release that can't be frozen, within the former color's window": [
    "STORE_FAILED",
    "2",
  ],
  "deploy of a release that breaks after the switch": ["ROLLED_BACK", "1"],
  "deploy of a release that crashes after the switch": ["ROLLED_BACK", "1"],
  "deploy of a release that fails its checks": ["CHECK_FAILED", "1"],
  "deploy after which something breaks that both colors need": ["BAKE_INCONCLUSIVE", "2"],
  "first deploy of a release that breaks": ["FIRST_RELEASE_FAILING", "1"],
  "deploy that hardly anybody uses": ["BAKE_INCONCLUSIVE", "2"],
  "deploy of a good release after a first one that breaks": ["finished", "2"],
  "deploy that waits at its gate": ["GATE_WAITING", "1"],
  "deploy that is permitted at its gate": ["finished", "2"],
  "deploy in steps": ["finished", "2"],
  "deploy in steps of a release that breaks in the second": ["ROLLED_BACK", "1"],
  "deploy in steps of a release that crashes in the first": ["ROLLED_BACK", "1"],
  "deploy in steps that is permitted at its gate": ["finished", "2"],
  "switch back in steps": ["finished", "1"],
  "switch back": ["finished", "1"],
  "switch back without a bake": ["finished", "1"],
  rollback: ["finished", "1"],
  retire: ["finished", "2"],
  "retire now": ["finished", "2"],
  "deploy with hooks at every stage": ["finished", "2"],
  "deploy in steps with hooks at every stage": ["finished", "2"],
  "deploy that a hook refuses before the switch": ["HOOK_REFUSED", "1"],
  "deploy that a hook refuses after the switch": ["ROLLED_BACK", "1"],
  "deploy that a hook refuses after its bake": ["ROLLED_BACK", "1"],
  "switch back with hooks, without a bake": ["finished", "1"],
  "retire with hooks": ["finished", "2"],
  "deploy that migrates": ["finished", "2"],
  "deploy whose migration fails": ["MIGRATION_FAILED", "1"],
  "deploy that migrates and breaks after the switch": ["ROLLED_BACK", "1"],
  "retire that migrates at its end": ["finished", "2"],
  "deploy that holds its former color warm": ["finished", "2"],
  "rollback to a color that is held warm": ["finished", "1"],
  "rollback at once to a color that is held warm": ["finished", "1"],
  "switch back to a color that is held warm": ["finished", "1"],
  "deploy into a color that is held warm": ["finished", "3"],
  "retire a color that is held warm": ["finished", "2"],
  "deploy with a cohort before all others": ["finished", "2"],
  "deploy of a release that breaks under its cohort": ["ROLLED_BACK", "1"],
  "deploy in the place of one at its gate": ["finished", "3"],
  "deploy of a release that breaks while a slow hook runs": ["ROLLED_BACK", "1"],
  "deploy of a release that breaks while a hook outlasts its bake": ["ROLLED_BACK", "1"],
  "deploy whose hook outlasts its bake": ["finished", "2"],
  "deploy whose hook hangs after the switch": ["ROLLED_BACK", "1"],
  down: ["finished", null],
};

describe("a command with nobody else around", () => {
  test.each(scenarios)("$name", async (scenario) => {
    const world = await arrange(scenario);
    const task = await world.run(scenario.command);
    expect([codeOf(task), world.serving]).toEqual(ends[scenario.name]);
    expect(world.state.violations).toEqual([]);
    expect(world.record.weights).toEqual(servedWeights(world.state));
  });
});

test("a deployed release keeps its former color until the window ends, then it may go", async () => {
  const world = new World();
  await world.run(deploy("1"));
  await world.run(deploy("2"));
  world.pass(5_000);
  expect(codeOf(await world.run({ run: "retire", now: false }))).toBe("WINDOW_OPEN");
  world.pass(times.windowMs);
  expect(codeOf(await world.run({ run: "retire", now: false }))).toBe("finished");
  expect(world.state.fills.blue).toBeNull();
  expect(codeOf(await world.run({ run: "rollback" }))).toBe("NOTHING_TO_ROLL_BACK");
});

test("a release that was rolled back is pinned, so the same deploy is refused", async () => {
  const world = new World({ "2": { breaksAfterMs: 5_000 } });
  await world.run(deploy("1"));
  await world.run(deploy("2"));
  expect(codeOf(await world.run(deploy("2")))).toBe("RELEASE_PINNED");
  expect(world.serving).toBe("1");
});

test("a color whose filling failed is emptied by retire, though its stack says nothing", async () => {
  const world = new World({ "2": { neverHealthy: true } });
  await world.run(deploy("1"));
  await world.run(deploy("2"));
  expect(world.state.fills.green).not.toBeNull();
  expect(codeOf(await world.run({ run: "retire", now: false }))).toBe("WINDOW_OPEN");
  expect(codeOf(await world.run({ run: "retire", now: true }))).toBe("finished");
  expect(world.state.fills.green).toBeNull();
});

test("a by-hand flip that isn't served goes back, and a second attempt gets through", async () => {
  const world = new World();
  await world.run(deploy("1"));
  await world.run(deploy("2"));
  world.switchFails = true;
  const flip = { run: "obey", color: "blue" } as const;
  expect(codeOf(await world.run(flip))).toBe("SWITCH_NOT_SERVED");
  expect(world.serving).toBe("2");
  world.switchFails = false;
  expect(codeOf(await world.run(flip))).toBe("finished");
  expect(world.serving).toBe("1");
});

test("a color can be claimed, filled and made active by hand", async () => {
  const world = new World();
  await world.run(deploy("1"));
  expect(codeOf(await world.run({ run: "obey color", color: "green", version: "2" }))).toBe(
    "NOT_CLAIMED",
  );
  await world.run({ run: "claim", color: "green" });
  await world.run({ run: "obey color", color: "green", version: "2" });
  expect(codeOf(await world.run({ run: "obey", color: "green" }))).toBe("finished");
  expect(world.serving).toBe("2");
  expect(codeOf(await world.run({ run: "rollback" }))).toBe("finished");
  expect(world.serving).toBe("1");
  expect(world.state.violations).toEqual([]);
});

test("a switch that isn't served leaves the active color, and its rollout ends", async () => {
  const world = new World();
  await world.run(deploy("1"));
  world.switchFails = true;
  expect(codeOf(await world.run(deploy("2")))).toBe("SWITCH_NOT_SERVED");
  expect([world.serving, world.record.rollout ?? null]).toEqual(["1", null]);
  world.switchFails = false;
  expect(codeOf(await world.run(deploy("2")))).toBe("finished");
});

describe("after a reboot", () => {
  /** The release of blue doesn't start any more. */
  async function rebooted(...before: readonly Command[]): Promise<World> {
    const behaviours: Record<string, Behaviour> = {};
    const world = new World(behaviours);
    for (const command of before) await world.run(command);
    world.reboot();
    behaviours["1"] = { neverHealthy: true };
    return world;
  }

  test("an idle color that doesn't start keeps nobody from being served", async () => {
    const world = await rebooted(deploy("1"), deploy("2"));
    expect(codeOf(await world.run({ run: "up" }))).toBe("PROVISION_FAILED");
    expect([world.serving, world.state.fills.green?.whole]).toEqual(["2", true]);
  });

  test("a color with traffic that doesn't start leaves a way back to the other one", async () => {
    const world = await rebooted(deploy("2"), deploy("1"));
    expect(codeOf(await world.run({ run: "up" }))).toBe("PROVISION_FAILED");
    expect(codeOf(await world.run({ run: "rollback" }))).toBe("finished");
    expect(world.serving).toBe("2");
  });

  test("the router learns where the idle color is now, for the way back to it", async () => {
    const world = new World();
    for (const command of [deploy("1"), deploy("2")]) await world.run(command);
    world.reboot();
    expect(codeOf(await world.run({ run: "up" }))).toBe("finished");
    expect(world.state.routes?.attached.blue).toEqual(world.state.fills.blue?.addresses);
    expect(world.state.violations).toEqual([]);
  });
});

describe("when a stranger moves the router", () => {
  test("no rollout begins until somebody took over what the router really does", async () => {
    const world = new World();
    await world.run(deploy("1"));
    await world.run(deploy("2"));
    world.plane.moveByStranger("blue");
    expect(codeOf(await world.run(deploy("3")))).toBe("DRIFT");
    expect(world.serving).toBe("1");
    await world.run({ run: "up" });
    expect([world.serving, world.record.activeColor]).toEqual(["1", "blue"]);
    expect(codeOf(await world.run(deploy("3")))).toBe("finished");
  });

  test("during a bake, the rollout ends as taken over by others", async () => {
    const world = new World();
    await world.run(deploy("1"));
    const task = world.start(deploy("2"));
    for (let step = 0; step < 200 && world.record.rollout?.phase !== "bake"; step += 1) {
      await world.schedule.run([task], { steps: 1 });
    }
    world.plane.moveByStranger("blue");
    await world.schedule.run([task]);
    expect(codeOf(task)).toBe("CLAIMED");
    expect(world.serving).toBe("1");
    expect(world.state.violations).toEqual([]);
  });
});
