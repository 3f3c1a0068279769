/**
 * A deploy takes the place of another release's rollout, whose driver lives and stands still at any
 * of its steps, or is killed there: one of the two ends well, and nothing of them is mixed.
 */

import { describe, expect, test, vi } from "vitest";
import { codeOf } from "../support/world/outcome.ts";
import { recover } from "../support/world/recovery.ts";
import { deploy } from "../support/world/scenarios.ts";
import type { Actor, Command } from "../support/world/world.ts";
import { World } from "../support/world/world.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 120_000 });

const elsewhere: Actor = { host: "ci-2" };
const replacing: Command = { run: "deploy", version: "3", replace: true };
const cohort = { kind: "header", name: "x-beta", value: "yes" } as const;

async function oneRelease(steps: World["state"]["steps"]): Promise<World> {
  const world = new World();
  await world.run(deploy("1"));
  world.state.steps = steps;
  world.pass(5_000);
  return world;
}

interface Met {
  readonly codes: readonly [string, string];
  readonly phase: string;
  readonly wrong: readonly string[];
}

/** Which release must serve, by what the two were told. */
function wrongIn(world: World, [first, second]: Met["codes"]): readonly string[] {
  const { record, serving, state } = world;
  const found = [...state.violations];
  if (second === "finished" && serving !== "3")
    found.push(`3 is done, ${serving ?? "none"} serves`);
  if (second === "finished" && record.rollout?.version !== "3") found.push("3 isn't in the record");
  if (second !== "finished" && first === "finished" && serving !== "2")
    found.push("2 isn't served");
  if (record.pins.length > 0) found.push("a release is blamed");
  return found;
}

async function meet(
  base: World,
  at: readonly [steps: number, rest: number],
  killed: boolean,
): Promise<Met | null> {
  const world = base.fork();
  const first = world.start(deploy("2"));
  await world.schedule.run([first], { steps: at[0] });
  if (first.outcome !== null) return null;
  if (killed) world.schedule.kill(first.process);
  const phase = world.record.rollout?.phase ?? "none";
  const second = world.start(replacing, elsewhere);
  if (!killed) {
    await world.schedule.run([second], { steps: at[1] });
    await world.schedule.run([first]);
  }
  await world.schedule.run([second]);
  const codes = [killed ? "killed" : codeOf(first), codeOf(second)] as const;
  const wrong = wrongIn(world, codes);
  const stuck = await recover(world);
  return { codes, phase, wrong: stuck === null ? wrong : [...wrong, `no way out: ${stuck}`] };
}

async function meetEverywhere(base: World, killed: boolean): Promise<readonly Met[]> {
  const all: Met[] = [];
  for (let steps = 1; ; steps += 1) {
    for (const rest of killed ? [0] : [4, 13, 1_000]) {
      const met = await meet(base, [steps, rest], killed);
      if (met === null) return all;
      all.push(met);
    }
  }
}

const inSteps = [
  { weight: 0, groups: [cohort], forMs: 20_000 },
  { weight: 50, groups: [cohort], forMs: 20_000 },
];

describe.each([
  { name: "all at once", steps: [] },
  { name: "in steps", steps: inSteps },
])("a rollout that moves traffic $name", ({ steps }) => {
  test("is replaced before its switch though its driver lives, and that one is told so", async () => {
    const met = await meetEverywhere(await oneRelease(steps), false);
    expect(met.flatMap(({ wrong }) => wrong)).toEqual([]);
    const replaced = met.filter(({ codes }) => codes[0] === "CLAIMED" && codes[1] === "finished");
    const phases = new Set(replaced.map(({ phase }) => phase));
    const all = ["provision", "check", ...(steps.length > 0 ? ["shift"] : [])];
    expect([...phases]).toEqual(expect.arrayContaining(all));
    // Once it has switched it stays, and the other one is told so.
    expect(met.filter(({ phase }) => phase === "bake").length).toBeGreaterThan(0);
    for (const { phase, codes } of met) {
      if (phase === "bake") expect(codes).not.toContain("ROLLED_BACK");
    }
  });

  test("is replaced where its driver was killed, from another host at once", async () => {
    const met = await meetEverywhere(await oneRelease(steps), true);
    expect(met.flatMap(({ wrong }) => wrong)).toEqual([]);
    const before = met.filter(({ phase }) => ["provision", "check", "shift"].includes(phase));
    expect(before.some(({ codes }) => codes[1] === "finished")).toBe(true);
    const told = new Set(before.map(({ codes }) => codes[1]));
    // A switch that the dead one had begun is its switch; a lock of another host can't be judged.
    told.forEach((code) => {
      expect(["finished", "STACK_LOCKED", "CLAIMED"]).toContain(code);
    });
  });
});
