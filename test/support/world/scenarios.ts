/** The situations that the simulations begin in, and the command that is disturbed there. */

import type { Behaviours } from "./data-plane.ts";
import type { Command } from "./world.ts";
import { World, times } from "./world.ts";

export interface Scenario {
  readonly name: string;
  readonly behaviours?: Behaviours;
  /** Commands that were run before, each to its end. */
  readonly before: readonly Command[];
  /** What users send; default 100. */
  readonly requestsPerSecond?: number;
  /** Time that has passed since, in milliseconds. */
  readonly laterMs?: number;
  readonly command: Command;
}

export const deploy = (version: string | null): Command => ({ run: "deploy", version });

export const scenarios: readonly Scenario[] = [
  { name: "first deploy", before: [], command: deploy("1") },
  { name: "deploy 1 -> 2", before: [deploy("1")], command: deploy("2") },
  {
    name: "deploy into the former color within its window",
    before: [deploy("1"), deploy("2")],
    command: deploy("3"),
  },
  {
    name: "deploy of a release that never gets healthy",
    behaviours: { "2": { neverHealthy: true } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "deploy of a release that breaks after the switch",
    behaviours: { "2": { breaksAfterMs: 5_000 } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "deploy of a release that crashes after the switch",
    behaviours: { "2": { crashesAfterMs: 5_000 } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "first deploy of a release that breaks",
    behaviours: { "1": { breaksAfterMs: 5_000 } },
    before: [],
    command: deploy("1"),
  },
  {
    name: "deploy that hardly anybody uses",
    before: [deploy("1")],
    requestsPerSecond: 1,
    command: deploy("2"),
  },
  {
    name: "deploy of a good release after a first one that breaks",
    behaviours: { "1": { breaksAfterMs: 5_000 } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "switch back",
    before: [deploy("1"), deploy("2")],
    command: { run: "switch", color: "blue", bake: true },
  },
  {
    name: "switch back without a bake",
    before: [deploy("1"), deploy("2")],
    command: { run: "switch", color: "blue", bake: false },
  },
  { name: "rollback", before: [deploy("1"), deploy("2")], command: { run: "rollback" } },
  {
    name: "retire",
    before: [deploy("1"), deploy("2")],
    laterMs: times.windowMs + 60_000,
    command: { run: "retire", now: false },
  },
  {
    name: "retire now",
    before: [deploy("1"), deploy("2")],
    command: { run: "retire", now: true },
  },
];

/** The world right before a scenario's command. */
export async function arrange(scenario: Scenario): Promise<World> {
  const world = new World(scenario.behaviours);
  world.state.requestsPerSecond = scenario.requestsPerSecond ?? 100;
  for (const command of scenario.before) await world.run(command);
  world.pass(scenario.laterMs ?? 5_000);
  return world;
}
