/**
 * A command is killed at every one of its steps, also in the middle of an update; then somebody
 * goes on in each of several ways. Nothing mixed, nothing lost, and always a way out.
 */

import { describe, expect, test, vi } from "vitest";
import { missedHooks } from "../support/world/hooks.ts";
import { codeOf } from "../support/world/outcome.ts";
import { recover } from "../support/world/recovery.ts";
import { arrange, deploy, scenarios } from "../support/world/scenarios.ts";
import type { Scenario } from "../support/world/scenarios.ts";
import type { Task } from "../support/world/schedule.ts";
import type { Actor, Command, World } from "../support/world/world.ts";
import { times } from "../support/world/world.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 60_000 });

interface Successor {
  readonly name: string;
  /** Null: the command that was killed. */
  readonly command: Command | null;
  readonly actor?: Actor;
  readonly afterMs?: number;
}

const afterClaim = times.claimMs + 60_000;

const successors: readonly Successor[] = [
  { name: "the same command", command: null },
  { name: "the same from another copy", command: null, actor: { releaseSettings: "s2" } },
  { name: "another host at once", command: null, actor: { host: "ci-2" } },
  { name: "another host later", command: null, actor: { host: "ci-2" }, afterMs: afterClaim },
  { name: "a rollback", command: { run: "rollback" } },
  { name: "a retirement", command: { run: "retire", now: true } },
  { name: "a third release", command: deploy("4") },
  { name: "a third release later", command: deploy("4"), afterMs: afterClaim },
  { name: "an abort", command: { run: "abort" } },
  { name: "a by-hand flip to blue", command: { run: "obey", color: "blue" } },
  { name: "a by-hand flip to green later", command: obeyGreen(), afterMs: afterClaim },
  { name: "a switch to green", command: { run: "switch", color: "green", bake: false } },
  { name: "up", command: { run: "up" } },
];

function obeyGreen(): Command {
  return { run: "obey", color: "green" };
}

/** Kills the scenario's command after so many steps; null when it was over before. */
async function killedAfter(base: World, scenario: Scenario, steps: number): Promise<World | null> {
  const world = base.fork();
  const task = world.start(scenario.command);
  await world.schedule.run([task], { steps });
  if (task.outcome !== null) return null;
  world.schedule.kill(task.process);
  return world;
}

async function goOn(world: World, scenario: Scenario, successor: Successor): Promise<Task> {
  world.pass(successor.afterMs ?? 0);
  return world.run(successor.command ?? scenario.command, successor.actor);
}

/** What ended well before may be found done, or its lesson in the record. */
const also: Readonly<Record<string, readonly string[]>> = {
  ROLLED_BACK: ["RELEASE_PINNED"],
};

async function legalEnds(base: World, { command }: Scenario): Promise<readonly string[]> {
  const usual = codeOf(await base.fork().run(command));
  const again = command.run === "rollback" ? ["NOTHING_TO_ROLL_BACK"] : [];
  return [usual, ...(also[usual] ?? []), ...again];
}

/** What is wrong after a successor went on; with the story of it, for reproducing. */
async function troubles(
  world: World,
  scenario: Scenario,
  successor: Successor,
  legal: readonly string[],
): Promise<readonly string[]> {
  const code = codeOf(await goOn(world, scenario, successor));
  const found: string[] = [];
  if (successor.command === null && !successor.actor && !legal.includes(code)) found.push(code);
  // Who goes on with a bake later has seen more requests.
  const judged = legal.includes("BAKE_INCONCLUSIVE") ? ["finished"] : [];
  if (successor.command === null && code === "finished") {
    found.push(...missedHooks(world.state, scenario.command));
  }
  const elsewhere = [...legal, ...judged, "STACK_LOCKED"];
  if (successor.afterMs && successor.actor && !elsewhere.includes(code)) found.push(code);
  const stuck = await recover(world);
  if (stuck !== null) found.push(`no way out: ${stuck}`);
  found.push(...world.state.violations);
  return found.map((each) => [`${successor.name}: ${each}`, ...world.state.trace].join("\n"));
}

function expectSweep({ leastSteps }: Scenario, steps: number): void {
  expect(steps, "steps at which it was disturbed").toBeGreaterThanOrEqual(leastSteps);
}

describe("a command that is killed at any step", () => {
  test.each(scenarios)("$name", async (scenario) => {
    const base = await arrange(scenario);
    const legal = await legalEnds(base, scenario);
    const found: string[] = [];
    let steps = 1;
    for (; ; steps += 1) {
      const killed = await killedAfter(base, scenario, steps);
      if (!killed) break;
      for (const successor of successors) {
        found.push(...(await troubles(killed.fork(), scenario, successor, legal)));
      }
    }
    expect(found).toEqual([]);
    expectSweep(scenario, steps - 1);
  });
});

describe("a command that is interrupted with Ctrl-C at any step", () => {
  test.each(scenarios)("$name", async (scenario) => {
    const base = await arrange(scenario);
    const legal = await legalEnds(base, scenario);
    const found: string[] = [];
    let steps = 1;
    for (; ; steps += 1) {
      const world = base.fork();
      const task = world.start(scenario.command);
      await world.schedule.run([task], { steps });
      if (task.outcome !== null) break;
      world.schedule.interrupt(task.process);
      await world.schedule.run([task]);
      const codes = [codeOf(task), codeOf(await world.run(scenario.command))] as const;
      if (![...legal, "INTERRUPTED"].includes(codes[0])) found.push(`${steps}: ${codes[0]}`);
      if (!legal.includes(codes[1])) found.push(`${steps}: goes on with ${codes[1]}`);
      const stuck = await recover(world);
      found.push(...world.state.violations, ...(stuck === null ? [] : [`no way out: ${stuck}`]));
    }
    expect(found).toEqual([]);
    expectSweep(scenario, steps - 1);
  });
});

describe("a command whose engine dies at any step, while the command lives on", () => {
  test.each(scenarios)("$name", async (scenario) => {
    const base = await arrange(scenario);
    // Only the loop tries once more by itself.
    const once = scenario.command.run === "down" ? ["ENGINE_FAILED"] : [];
    const legal = [...(await legalEnds(base, scenario)), ...once];
    const found: string[] = [];
    let steps = 1;
    for (; ; steps += 1) {
      const world = base.fork();
      world.engineSteps = steps;
      const task = await world.run(scenario.command);
      if (world.engineLives) break;
      const code = codeOf(task);
      if (!legal.includes(code)) found.push(`${steps}: ${code}`);
      const stuck = await recover(world);
      found.push(...world.state.violations, ...(stuck === null ? [] : [`no way out: ${stuck}`]));
    }
    expect(found).toEqual([]);
    expectSweep(scenario, steps - 1);
  });
});
