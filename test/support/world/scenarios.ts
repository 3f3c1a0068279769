/** The situations that the simulations begin in, and the command that is disturbed there. */

import type { Behaviours } from "./data-plane.ts";
import type { Command } from "./world.ts";
import { World, times } from "./world.ts";

export interface Scenario {
  readonly name: string;
  /** A sweep over the command's steps that finds fewer looks at less than it seems to. */
  readonly leastSteps: number;
  readonly behaviours?: Behaviours;
  /** Commands that were run before, each to its end. */
  readonly before: readonly Command[];
  /** From the last of the commands before on; default: automatic. */
  readonly gate?: "manual";
  /** What users send; default 100. */
  readonly requestsPerSecond?: number;
  /** Time that has passed since, in milliseconds. */
  readonly laterMs?: number;
  readonly command: Command;
}

export const deploy = (version: string | null): Command => ({ run: "deploy", version });

export const scenarios: readonly Scenario[] = [
  { name: "first deploy", leastSteps: 35, before: [], command: deploy("1") },
  { name: "deploy 1 -> 2", leastSteps: 28, before: [deploy("1")], command: deploy("2") },
  {
    name: "deploy into the former color within its window",
    leastSteps: 30,
    before: [deploy("1"), deploy("2")],
    command: deploy("3"),
  },
  {
    name: "deploy of a release that never gets healthy",
    leastSteps: 12,
    behaviours: { "2": { neverHealthy: true } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "deploy of a release that can't be frozen, within the former color's window",
    leastSteps: 12,
    behaviours: { "3": { cannotBeFrozen: true } },
    before: [deploy("1"), deploy("2")],
    command: deploy("3"),
  },
  {
    name: "deploy of a release that breaks after the switch",
    leastSteps: 30,
    behaviours: { "2": { breaksAfterMs: 5_000 } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "deploy of a release that crashes after the switch",
    leastSteps: 30,
    behaviours: { "2": { crashesAfterMs: 5_000 } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "deploy of a release that fails its checks",
    leastSteps: 20,
    behaviours: { "2": { failsChecks: true } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "deploy after which something breaks that both colors need",
    leastSteps: 28,
    behaviours: { "1": { breaksAfterMs: 60_000 }, "2": { breaksAfterMs: 5_000 } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "first deploy of a release that breaks",
    leastSteps: 34,
    behaviours: { "1": { breaksAfterMs: 5_000 } },
    before: [],
    command: deploy("1"),
  },
  {
    name: "deploy that hardly anybody uses",
    leastSteps: 28,
    before: [deploy("1")],
    requestsPerSecond: 1,
    command: deploy("2"),
  },
  {
    name: "deploy of a good release after a first one that breaks",
    leastSteps: 28,
    behaviours: { "1": { breaksAfterMs: 5_000 } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "deploy that waits at its gate",
    leastSteps: 22,
    before: [deploy("1"), { run: "up" }],
    gate: "manual",
    command: deploy("2"),
  },
  {
    name: "deploy that is permitted at its gate",
    leastSteps: 14,
    before: [deploy("1"), deploy("2")],
    gate: "manual",
    command: { run: "approve" },
  },
  {
    name: "switch back",
    leastSteps: 12,
    before: [deploy("1"), deploy("2")],
    command: { run: "switch", color: "blue", bake: true },
  },
  {
    name: "switch back without a bake",
    leastSteps: 8,
    before: [deploy("1"), deploy("2")],
    command: { run: "switch", color: "blue", bake: false },
  },
  {
    name: "rollback",
    leastSteps: 7,
    before: [deploy("1"), deploy("2")],
    command: { run: "rollback" },
  },
  {
    name: "retire",
    leastSteps: 14,
    before: [deploy("1"), deploy("2")],
    laterMs: times.windowMs + 60_000,
    command: { run: "retire", now: false },
  },
  {
    name: "retire now",
    leastSteps: 14,
    before: [deploy("1"), deploy("2")],
    command: { run: "retire", now: true },
  },
  { name: "down", leastSteps: 40, before: [deploy("1"), deploy("2")], command: { run: "down" } },
];

/** The world right before a scenario's command. */
export async function arrange(scenario: Scenario): Promise<World> {
  const world = new World(scenario.behaviours);
  world.state.requestsPerSecond = scenario.requestsPerSecond ?? 100;
  for (const command of scenario.before) {
    if (command === scenario.before.at(-1)) world.state.gate = scenario.gate ?? "automatic";
    await world.run(command);
  }
  world.pass(scenario.laterMs ?? 5_000);
  return world;
}
