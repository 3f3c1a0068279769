/**
 * A run stands still at any of its steps while others end its rollout and go on, to their very end:
 * whatever serves then, it says that it was ended, and by what, and begins nothing any more.
 */

import { describe, expect, test, vi } from "vitest";
import { hookStages } from "../../infra/hook-stages.ts";
import type { Rollout } from "../../infra/model.ts";
import type { Behaviours } from "../support/world/data-plane.ts";
import { deploy } from "../support/world/scenarios.ts";
import type { Task } from "../support/world/schedule.ts";
import type { WorldState } from "../support/world/state.ts";
import type { Actor, Command } from "../support/world/world.ts";
import { World } from "../support/world/world.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 120_000 });

const elsewhere: Actor = { host: "ci-2" };
const replacing: Command = { run: "deploy", version: "3", replace: true };
const abort: Command = { run: "abort" };
const rollback: Command = { run: "rollback" };
const direct: Command = { run: "rollback direct" };
const up: Command = { run: "up" };
const toBlue: Command = { run: "switch", color: "blue", bake: true };

/** What others do, each command to its end. */
type Meanwhile = readonly [name: string, commands: readonly Command[]];

const beforeSwitch: readonly Meanwhile[] = [
  ["another release takes its place", [replacing]],
  ["it is aborted", [abort]],
  ["it is aborted, and the same release deployed anew", [abort, deploy("2")]],
];

const afterSwitch: readonly Meanwhile[] = [
  ["it is rolled back", [rollback]],
  ["it is rolled back, and the same release deployed anew", [rollback, deploy("2")]],
  ["it is rolled back past the engine, and another deployed", [direct, up, deploy("3")]],
];

interface Run {
  readonly name: string;
  readonly behaviours?: Behaviours;
  /** Before the run; default: 1 is deployed. */
  readonly before?: (world: World) => Promise<void>;
  readonly settings?: Partial<Pick<WorldState, "bakeMs" | "gate" | "hooks" | "steps">>;
  /** Default: a deploy of 2. */
  readonly command?: Command;
  /** What can end its rollout; default: all. */
  readonly others?: readonly Meanwhile[];
}

const inSteps: WorldState["steps"] = [
  { weight: 10, forMs: 20_000 },
  { weight: 50, forMs: 20_000 },
];

const runs: readonly Run[] = [
  { name: "a deploy" },
  { name: "a deploy without a bake", settings: { bakeMs: 0 } },
  { name: "a deploy in steps", settings: { steps: inSteps } },
  { name: "a deploy with hooks", settings: { bakeMs: 0, hooks: hookStages } },
  {
    name: "a deploy that fails its checks",
    behaviours: { "2": { failsChecks: true } },
    others: beforeSwitch,
  },
  {
    name: "a deploy that never gets healthy",
    behaviours: { "2": { neverHealthy: true } },
    others: beforeSwitch,
  },
  {
    name: "a deploy that a hook refuses",
    behaviours: { "2": { refusedAt: "POST_SCALE_UP" } },
    settings: { hooks: ["POST_SCALE_UP"] },
    others: beforeSwitch,
  },
  { name: "a deploy that breaks after its switch", behaviours: { "2": { breaksAfterMs: 5_000 } } },
  {
    name: "a deploy in steps that breaks in the second",
    behaviours: { "2": { breaksAfterMs: 25_000 } },
    settings: { steps: inSteps },
  },
  {
    name: "an approval",
    before: async (world) => {
      world.state.gate = "manual";
      await deployTwo(world);
      world.state.gate = "automatic";
    },
    command: { run: "approve" },
  },
  ...[deploy("2"), deploy(null)].map((command) => ({
    name: `a deploy of ${String(command.run === "deploy" && command.version)} that goes on with a killed one's rollout`,
    before: (world: World) => world.runUntilKilled(deploy("2"), "has recorded Attach"),
    settings: { bakeMs: 0 },
    command,
  })),
  {
    name: "a switch back",
    before: deployTwo,
    command: toBlue,
    others: afterSwitch,
  },
  {
    name: "a switch back in steps",
    before: deployTwo,
    settings: { steps: inSteps },
    command: toBlue,
  },
];

async function deployTwo(world: World): Promise<void> {
  await world.run(deploy("2"));
}

async function arrange({ behaviours, before, settings }: Run): Promise<World> {
  const world = new World(behaviours);
  await world.run(deploy("1"));
  await before?.(world);
  Object.assign(world.state, settings);
  world.pass(5_000);
  return world;
}

/** The rollout that the run works on by the record; null where it has none, or has come to its end. */
function rolloutOf({ process }: Task, { record }: World): Rollout | null {
  const { claim, rollout } = record;
  if (claim?.owner?.pid !== process.owner.pid) return null;
  return rollout?.phase === "hold" ? null : rollout;
}

function toldBy({ outcome }: Task): string {
  if (outcome?.kind !== "failed") return `${String(outcome?.kind)}: ${outcome?.sentence ?? ""}`;
  return `${outcome.error.code}: ${outcome.error.message}`;
}

function expectedBy({ record }: World, own: Rollout): string {
  const { rollout } = record;
  const end = rollout
    ? `rollout ${rollout.id} of ${rollout.version} has taken the place of ${own.id}`
    : `rollout ${own.id} was ended by somebody else`;
  return `CLAIMED: ${end}; ${String(record.activeColor)} is active`;
}

interface Met {
  /** True where the others have ended the run's rollout. */
  readonly ended: boolean;
  readonly wrong: readonly string[];
}

async function meet(
  base: World,
  run: Run,
  commands: readonly Command[],
  steps: number,
): Promise<Met | null> {
  const world = base.fork();
  const first = world.start(run.command ?? deploy("2"));
  await world.schedule.run([first], { steps });
  if (first.outcome !== null) return null;
  const own = rolloutOf(first, world);
  for (const command of commands) await world.run(command, elsewhere);
  const after = JSON.stringify(world.record);
  const ended = own !== null && world.record.rollout?.id !== own.id;
  const expected = ended ? expectedBy(world, own) : null;
  const stoodAt = world.state.trace.length;
  await world.schedule.run([first]);
  const wrong = [...world.state.violations];
  if (expected !== null && toldBy(first) !== expected)
    wrong.push(`${toldBy(first)}, not ${expected}`);
  if (ended && JSON.stringify(world.record) !== after) wrong.push("the record was changed");
  const begun = world.state.trace
    .slice(stoodAt + 1)
    .filter((step) => /: (runs|checks) /.test(step));
  if (ended && begun.length > 0) wrong.push(`it has begun something: ${begun.join(", ")}`);
  const trace = [...world.state.trace.slice(0, stoodAt), "--", ...world.state.trace.slice(stoodAt)];
  return { ended, wrong: wrong.map((each) => [each, ...trace].join("\n")) };
}

describe.each(runs)("$name", (run) => {
  const others = run.others ?? [...beforeSwitch, ...afterSwitch];
  test.each(others)("says so at each of its steps where %s", async (_name, commands) => {
    const base = await arrange(run);
    const all: Met[] = [];
    for (let steps = 1; ; steps += 1) {
      const met = await meet(base, run, commands, steps);
      if (met === null) break;
      all.push(met);
    }
    expect(all.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(all.some(({ ended }) => ended)).toBe(true);
  });
});
