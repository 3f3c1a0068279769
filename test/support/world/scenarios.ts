/** The situations that the simulations begin in, and the command that is disturbed there. */

import { hookStages } from "../../../infra/hook-stages.ts";
import type { HookStage } from "../../../infra/hook-stages.ts";
import type { Behaviour, Behaviours } from "./data-plane.ts";
import { migrating, releasesThatMigrate } from "./migrations.ts";
import type { WorldState } from "./state.ts";
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
  /** For the command alone; default: no stage has hooks. */
  readonly hooks?: readonly HookStage[];
  /** Its gate is that of the commands before but for this; default: the same. */
  readonly ends?: WorldState["gate"];
  /** Of the command itself; default: all traffic at once. */
  readonly steps?: WorldState["steps"];
  /** From the first of the commands on; default: the former color stays as large as it is. */
  readonly warm?: number;
  /** What users send; default 100. */
  readonly requestsPerSecond?: number;
  /** Time that has passed since, in milliseconds. */
  readonly laterMs?: number;
  readonly command: Command;
}

export const deploy = (version: string | null): Command => ({ run: "deploy", version });

const inSteps: WorldState["steps"] = [
  { weight: 10, forMs: 20_000 },
  { weight: 50, forMs: 20_000 },
];

const cohort = { kind: "header", name: "x-beta", value: "yes" } as const;

const byCohort: WorldState["steps"] = [
  { weight: 0, groups: [cohort], forMs: 20_000 },
  { weight: 50, groups: [cohort], forMs: 20_000 },
];

function afterSwitch(ms: number): NonNullable<Behaviour["hookTakes"]> {
  return { stage: "POST_PRODUCTION_TRAFFIC_SHIFT", ms };
}

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
    name: "deploy in steps",
    leastSteps: 40,
    before: [deploy("1")],
    steps: inSteps,
    command: deploy("2"),
  },
  {
    name: "deploy in steps of a release that breaks in the second",
    leastSteps: 36,
    behaviours: { "2": { breaksAfterMs: 25_000 } },
    before: [deploy("1")],
    steps: inSteps,
    command: deploy("2"),
  },
  {
    name: "deploy with a cohort before all others",
    leastSteps: 36,
    before: [deploy("1")],
    steps: byCohort,
    command: deploy("2"),
  },
  {
    name: "deploy of a release that breaks under its cohort",
    leastSteps: 30,
    behaviours: { "2": { breaksAfterMs: 2_000 } },
    before: [deploy("1")],
    steps: byCohort,
    command: deploy("2"),
  },
  {
    name: "deploy in the place of one at its gate",
    leastSteps: 30,
    before: [deploy("1"), deploy("2")],
    gate: "manual",
    ends: "automatic",
    command: { run: "deploy", version: "3", replace: true },
  },
  {
    name: "deploy in steps of a release that crashes in the first",
    leastSteps: 30,
    behaviours: { "2": { crashesAfterMs: 5_000 } },
    before: [deploy("1")],
    steps: inSteps,
    command: deploy("2"),
  },
  {
    name: "deploy in steps that is permitted at its gate",
    leastSteps: 24,
    before: [deploy("1"), deploy("2")],
    gate: "manual",
    steps: inSteps,
    command: { run: "approve" },
  },
  {
    name: "switch back in steps",
    leastSteps: 24,
    before: [deploy("1"), deploy("2")],
    steps: inSteps,
    command: { run: "switch", color: "blue", bake: true },
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
  {
    name: "deploy with hooks at every stage",
    leastSteps: 30,
    before: [deploy("1")],
    hooks: hookStages,
    command: deploy("2"),
  },
  {
    name: "deploy in steps with hooks at every stage",
    leastSteps: 40,
    before: [deploy("1")],
    hooks: hookStages,
    steps: inSteps,
    command: deploy("2"),
  },
  {
    name: "deploy that a hook refuses before the switch",
    leastSteps: 20,
    behaviours: { "2": { refusedAt: "POST_SCALE_UP" } },
    before: [deploy("1")],
    hooks: ["POST_SCALE_UP", "POST_BAKE"],
    command: deploy("2"),
  },
  {
    name: "deploy that a hook refuses after the switch",
    leastSteps: 28,
    behaviours: { "2": { refusedAt: "POST_PRODUCTION_TRAFFIC_SHIFT" } },
    before: [deploy("1")],
    hooks: hookStages,
    command: deploy("2"),
  },
  {
    name: "deploy of a release that breaks while a slow hook runs",
    leastSteps: 26,
    behaviours: { "2": { breaksAfterMs: 5_000, hookTakes: afterSwitch(50_000) } },
    before: [deploy("1")],
    hooks: hookStages,
    command: deploy("2"),
  },
  {
    name: "deploy of a release that breaks while a hook outlasts its bake",
    leastSteps: 28,
    behaviours: { "2": { breaksAfterMs: 30_000, hookTakes: afterSwitch(50_000) } },
    before: [deploy("1")],
    hooks: hookStages,
    command: deploy("2"),
  },
  {
    name: "deploy whose hook outlasts its bake",
    leastSteps: 30,
    behaviours: { "2": { hookTakes: afterSwitch(50_000) } },
    before: [deploy("1")],
    hooks: hookStages,
    command: deploy("2"),
  },
  {
    name: "deploy whose hook hangs after the switch",
    leastSteps: 28,
    behaviours: { "2": { hookTakes: afterSwitch(Infinity) } },
    before: [deploy("1")],
    hooks: hookStages,
    command: deploy("2"),
  },
  {
    name: "deploy that a hook refuses after its bake",
    leastSteps: 28,
    behaviours: { "2": { refusedAt: "POST_BAKE" } },
    before: [deploy("1")],
    hooks: ["PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_BAKE"],
    command: deploy("2"),
  },
  {
    name: "switch back with hooks, without a bake",
    leastSteps: 9,
    before: [deploy("1"), deploy("2")],
    hooks: hookStages,
    command: { run: "switch", color: "blue", bake: false },
  },
  {
    name: "retire with hooks",
    leastSteps: 16,
    before: [deploy("1"), deploy("2")],
    hooks: hookStages,
    command: { run: "retire", now: true },
  },
  {
    name: "deploy that migrates",
    leastSteps: 40,
    behaviours: releasesThatMigrate,
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "deploy whose migration fails",
    leastSteps: 14,
    behaviours: { ...releasesThatMigrate, "2": { migrations: migrating, failsStep: "expand" } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "deploy that migrates and breaks after the switch",
    leastSteps: 40,
    behaviours: { ...releasesThatMigrate, "2": { migrations: migrating, breaksAfterMs: 5_000 } },
    before: [deploy("1")],
    command: deploy("2"),
  },
  {
    name: "retire that migrates at its end",
    leastSteps: 24,
    behaviours: releasesThatMigrate,
    before: [deploy("1"), deploy("2")],
    laterMs: times.windowMs + 60_000,
    command: { run: "retire", now: false },
  },
  {
    name: "deploy that holds its former color warm",
    leastSteps: 31,
    before: [deploy("1")],
    warm: 1,
    command: deploy("2"),
  },
  {
    name: "rollback to a color that is held warm",
    leastSteps: 11,
    before: [deploy("1"), deploy("2")],
    warm: 1,
    command: { run: "rollback" },
  },
  {
    name: "rollback at once to a color that is held warm",
    leastSteps: 14,
    before: [deploy("1"), deploy("2")],
    warm: 1,
    command: { run: "rollback", now: true },
  },
  {
    name: "switch back to a color that is held warm",
    leastSteps: 16,
    before: [deploy("1"), deploy("2")],
    warm: 1,
    command: { run: "switch", color: "blue", bake: true },
  },
  {
    name: "deploy into a color that is held warm",
    leastSteps: 32,
    before: [deploy("1"), deploy("2")],
    warm: 1,
    command: deploy("3"),
  },
  {
    name: "retire a color that is held warm",
    leastSteps: 14,
    before: [deploy("1"), deploy("2")],
    warm: 1,
    laterMs: times.windowMs + 60_000,
    command: { run: "retire", now: false },
  },
  { name: "down", leastSteps: 40, before: [deploy("1"), deploy("2")], command: { run: "down" } },
];

/** The world right before a scenario's command. */
export async function arrange(scenario: Scenario): Promise<World> {
  const world = new World(scenario.behaviours);
  world.state.requestsPerSecond = scenario.requestsPerSecond ?? 100;
  world.state.warm = scenario.warm ?? null;
  for (const command of scenario.before) {
    if (command === scenario.before.at(-1)) world.state.gate = scenario.gate ?? "automatic";
    await world.run(command);
  }
  world.state.gate = scenario.ends ?? world.state.gate;
  world.state.hooks = scenario.hooks ?? [];
  world.state.steps = scenario.steps ?? [];
  world.pass(scenario.laterMs ?? 5_000);
  return world;
}
