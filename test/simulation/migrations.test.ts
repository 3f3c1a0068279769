/** The simulated world with a database: what is refused, what stays possible, and random courses. */

import { describe, expect, test, vi } from "vitest";
import { releasesOfWhichOneIsSilent, releasesThatMigrate } from "../support/world/migrations.ts";
import { codeOf } from "../support/world/outcome.ts";
import { recover } from "../support/world/recovery.ts";
import { deploy } from "../support/world/scenarios.ts";
import type { Command } from "../support/world/world.ts";
import { World, times } from "../support/world/world.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 60_000 });

const contract: Command = { run: "contract" };
const retire: Command = { run: "retire", now: false };

async function migrated(): Promise<World> {
  const world = new World(releasesThatMigrate);
  for (const command of [deploy("1"), deploy("2")]) await world.run(command);
  world.pass(5_000);
  return world;
}

/** Interrupts the command once its step runs, which then fails. */
async function expectFailedStep(world: World, command: Command, begun: string): Promise<void> {
  const task = world.start(command);
  while (!world.state.trace.at(-1)?.endsWith(begun)) {
    await world.schedule.run([task], { steps: 1 });
  }
  world.schedule.interrupt(task.process);
  await world.schedule.run([task]);
  expect(codeOf(task)).toBe("MIGRATION_FAILED");
  const { until } = world.record.database?.pending ?? {};
  expect(Date.parse(until ?? "")).toBeLessThanOrEqual(world.state.nowMs);
}

describe("after an expand", () => {
  test("both releases can have the traffic", async () => {
    const world = await migrated();
    expect(world.state.schema).toBe(2);
    expect(codeOf(await world.run({ run: "rollback" }))).toBe("finished");
    expect(codeOf(await world.run({ run: "switch", color: "green", bake: false }))).toBe(
      "finished",
    );
    expect(world.record.database?.steps.map(({ kind }) => kind)).toEqual(["expand"]);
    expect(world.state.violations).toEqual([]);
  });

  test("contract waits for the window, and for the former color", async () => {
    const world = await migrated();
    expect(codeOf(await world.run(contract))).toBe("WINDOW_OPEN");
    world.pass(times.windowMs + 60_000);
    expect(codeOf(await world.run(contract))).toBe("MIGRATION_REFUSED");
    expect(codeOf(await world.run(retire))).toBe("finished");
    expect([world.state.schema, world.state.violations]).toEqual([3, []]);
  });
});

test("a step that ends after Ctrl-C is recorded before the run leaves", async () => {
  const world = new World(releasesThatMigrate);
  await world.run(deploy("1"));
  const task = world.start(deploy("2"));
  while (world.state.schema !== 2) await world.schedule.run([task], { steps: 1 });
  expect(world.record.database?.pending).toMatchObject({ kind: "expand", to: 2 });
  world.schedule.interrupt(task.process);
  await world.schedule.run([task]);
  expect(codeOf(task)).toBe("INTERRUPTED");
  expect(world.record.database?.schema).toBe(2);
  expect(world.record.database?.pending ?? null).toBeNull();
});

test.each([1, 2, 3])(
  "a step that ends after Ctrl-C is recorded once more where the engine ends %i steps later",
  async (engineSteps) => {
    const world = new World(releasesThatMigrate);
    await world.run(deploy("1"));
    const task = world.start(deploy("2"));
    while (world.state.schema !== 2) await world.schedule.run([task], { steps: 1 });
    world.schedule.interrupt(task.process);
    world.engineSteps = engineSteps;
    await world.schedule.run([task]);
    expect(codeOf(task)).toBe("INTERRUPTED");
    expect(world.record.database?.schema).toBe(2);
    expect(world.record.database?.pending ?? null).toBeNull();
  },
);

test("a step that fails after Ctrl-C is the error, and others may begin it at once", async () => {
  const failing = { ...releasesThatMigrate["2"], failsStep: "expand" } as const;
  const world = new World({ ...releasesThatMigrate, "2": failing });
  await world.run(deploy("1"));
  await expectFailedStep(world, deploy("2"), "begins expand");
});

test("a contract that fails after Ctrl-C is the error as well", async () => {
  const failing = { ...releasesThatMigrate["2"], failsStep: "contract" } as const;
  const world = new World({ ...releasesThatMigrate, "2": failing });
  for (const command of [deploy("1"), deploy("2")]) await world.run(command);
  world.pass(times.windowMs + 60_000);
  await expectFailedStep(world, retire, "begins contract");
});

describe("after a contract", () => {
  test("a release of before gets no traffic any more, and a new one does", async () => {
    const world = await migrated();
    await world.run({ run: "retire", now: true });
    expect(codeOf(await world.run(deploy("4")))).toBe("SCHEMA_UNFIT");
    await world.run({ run: "claim", color: "blue" });
    await world.run({ run: "obey color", color: "blue", version: "4" });
    expect(codeOf(await world.run({ run: "obey", color: "blue" }))).toBe("SCHEMA_UNFIT");
    expect(codeOf(await world.run({ run: "switch", color: "blue", bake: false }))).toBe(
      "SCHEMA_UNFIT",
    );
    expect(await recover(world)).toBeNull();
    expect(world.state.violations).toEqual([]);
  });
});

test("a contract isn't run for a serving release that doesn't say what it needs", async () => {
  const world = new World(releasesOfWhichOneIsSilent);
  for (const command of [deploy("1"), deploy("2"), { run: "rollback" } as const]) {
    await world.run(command);
  }
  world.pass(times.windowMs + 60_000);
  const nightly = { host: "ci-2", checkout: "2" };
  expect(codeOf(await world.run(retire, nightly))).toBe("finished");
  expect(codeOf(await world.run(contract, nightly))).toBe("MIGRATION_REFUSED");
  expect([world.serving, world.state.schema, world.state.violations]).toEqual(["1", 2, []]);
  expect(codeOf(await world.run(deploy("2")))).toBe("finished");
  world.pass(times.windowMs + 60_000);
  expect(codeOf(await world.run(retire, nightly))).toBe("finished");
  expect([world.serving, world.state.schema, world.state.violations]).toEqual(["2", 3, []]);
});

test("two retirements at once run the contract one after the other, or one of them", async () => {
  for (let choice = 0; choice < 12; choice += 1) {
    const world = await migrated();
    world.pass(times.windowMs + 60_000);
    const tasks = [world.start(retire), world.start(retire, { host: "ci-2" })];
    let step = choice;
    await world.schedule.run(tasks, { choose: () => Math.floor((step += 1) / (choice + 1)) });
    expect([world.state.schema, world.state.violations]).toEqual([3, []]);
    expect(tasks.map(codeOf)).toContain("finished");
  }
});

describe("whatever people do, in any order, killed anywhere", () => {
  const commands: readonly Command[] = [
    deploy("1"),
    deploy("2"),
    deploy("2"),
    deploy("4"),
    { run: "rollback" },
    { run: "rollback direct" },
    { run: "switch", color: "blue", bake: false },
    { run: "switch", color: "green", bake: true },
    { run: "obey", color: "blue" },
    { run: "obey", color: "green" },
    { run: "abort" },
    { run: "up" },
    { run: "unlock" },
    { run: "retire", now: true },
    retire,
    contract,
  ];

  test.each(Array.from({ length: 40 }, (_, index) => index + 1))("seed %i", async (seed) => {
    const random = generator(seed);
    const world = new World(releasesThatMigrate);
    for (let round = 0; round < 25; round += 1) {
      const task = world.start(commands[random(commands.length)] ?? contract, {
        host: `ci-${random(2)}`,
      });
      const kills = random(3) === 0;
      await world.schedule.run([task], kills ? { steps: 1 + random(40) } : {});
      if (task.outcome === null) world.schedule.kill(task.process);
      world.pass(random(4) === 0 ? times.windowMs : 5_000);
      expect(world.state.violations, world.state.trace.join("\n")).toEqual([]);
    }
    expect(await recover(world)).toBeNull();
  });

  test.each(Array.from({ length: 20 }, (_, index) => index + 1))(
    "with a foreign checkout and a release that says nothing, seed %i",
    async (seed) => {
      const random = generator(seed);
      const world = new World(releasesOfWhichOneIsSilent);
      await world.run(deploy("1"));
      const later = commands.filter((command) => !isDeployOf(command, "1"));
      for (let round = 0; round < 20; round += 1) {
        const actor = { host: `ci-${random(2)}`, ...(random(2) === 0 ? { checkout: "2" } : {}) };
        const task = world.start(later[random(later.length)] ?? contract, actor);
        await world.schedule.run([task], random(3) === 0 ? { steps: 1 + random(40) } : {});
        if (task.outcome === null) world.schedule.kill(task.process);
        world.pass(random(4) === 0 ? times.windowMs : 5_000);
        expect(world.state.violations, world.state.trace.join("\n")).toEqual([]);
      }
    },
  );
});

function isDeployOf(command: Command, version: string): boolean {
  return command.run === "deploy" && command.version === version;
}

/** Whole numbers below a limit, the same for the same seed. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * limit);
  };
}
