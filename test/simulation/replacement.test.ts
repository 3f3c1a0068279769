/**
 * A deploy takes the place of another release's rollout, whose driver lives and stands still at any
 * of its steps, or is killed there: one of the two ends well, and nothing of them is mixed.
 */

import { describe, expect, test, vi } from "vitest";
import type { Behaviours } from "../support/world/data-plane.ts";
import { codeOf } from "../support/world/outcome.ts";
import { recover } from "../support/world/recovery.ts";
import { deploy } from "../support/world/scenarios.ts";
import type { Task } from "../support/world/schedule.ts";
import type { Actor, Command } from "../support/world/world.ts";
import { World } from "../support/world/world.ts";

// Pure, but much of it: a busy machine gets its time.
vi.setConfig({ testTimeout: 120_000 });

const elsewhere: Actor = { host: "ci-2" };
const replacing: Command = { run: "deploy", version: "3", replace: true };
const cohort = { kind: "header", name: "x-beta", value: "yes" } as const;

type Settings = Partial<Pick<World["state"], "bakeMs" | "steps">>;

async function oneRelease(settings: Settings, behaviours: Behaviours = {}): Promise<World> {
  const world = new World(behaviours);
  await world.run(deploy("1"));
  Object.assign(world.state, settings);
  world.pass(5_000);
  return world;
}

interface Met {
  readonly codes: readonly [string, string];
  readonly phase: string;
  readonly wrong: readonly string[];
}

/** Which release must serve, by what the two were told; and who was replaced must be told so. */
function wrongIn(
  world: World,
  { codes: [first, second], replaced }: Pick<Met, "codes"> & { readonly replaced: boolean },
): readonly string[] {
  const { record, serving, state } = world;
  const found = [...state.violations];
  if (replaced && first !== "CLAIMED") found.push(`2 was replaced and is told ${first}`);
  if (second === "finished" && serving !== "3")
    found.push(`3 is done, ${serving ?? "none"} serves`);
  if (second === "finished" && record.rollout?.version !== "3") found.push("3 isn't in the record");
  if (second !== "finished" && first === "finished" && serving !== "2")
    found.push("2 isn't served");
  if (record.pins.length > 0) found.push("a release is blamed");
  return found;
}

/** True once another one's end is in the record. */
function hasReplaced({ state }: World, { process }: Task): boolean {
  const ends = ["Abort", "RollBack"].map((kind) => `${process.name}: has recorded ${kind}`);
  return ends.some((end) => state.trace.includes(end));
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
  let replaced = false;
  if (!killed) {
    await world.schedule.run([second], { steps: at[1] });
    replaced = hasReplaced(world, second);
    await world.schedule.run([first]);
  }
  await world.schedule.run([second]);
  const codes = [killed ? "killed" : codeOf(first), codeOf(second)] as const;
  const wrong = wrongIn(world, { codes, replaced });
  const stuck = await recover(world);
  return { codes, phase, wrong: stuck === null ? wrong : [...wrong, `no way out: ${stuck}`] };
}

/** Before, within and after its claim, and at its end. */
const rests = [4, 8, 13, 1_000];

async function meetEverywhere(base: World, killed: boolean): Promise<readonly Met[]> {
  const all: Met[] = [];
  for (let steps = 1; ; steps += 1) {
    for (const rest of killed ? [0] : rests) {
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
  { name: "all at once", settings: {} },
  { name: "all at once without a bake", settings: { bakeMs: 0 } },
  { name: "in steps", settings: { steps: inSteps } },
])("a rollout that moves traffic $name", ({ settings }) => {
  test("is replaced before its switch though its driver lives, and that one is told so", async () => {
    const met = await meetEverywhere(await oneRelease(settings), false);
    expect(met.flatMap(({ wrong }) => wrong)).toEqual([]);
    const replaced = met.filter(({ codes }) => codes[0] === "CLAIMED" && codes[1] === "finished");
    const phases = new Set(replaced.map(({ phase }) => phase));
    const all = ["provision", "check", ...("steps" in settings ? ["shift"] : [])];
    expect([...phases]).toEqual(expect.arrayContaining(all));
    // Once it has switched it stays, and the other one is told so.
    expect(met.filter(({ phase }) => phase === "bake").length).toBeGreaterThan(0);
    for (const { phase, codes } of met) {
      if (phase === "bake") expect(codes).not.toContain("ROLLED_BACK");
    }
  });

  test("is replaced where its driver was killed, from another host at once", async () => {
    const met = await meetEverywhere(await oneRelease(settings), true);
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

test("a rollout that fails its checks while it is replaced is told what replaced it", async () => {
  const failing = await oneRelease({}, { "2": { failsChecks: true } });
  const met = await meetEverywhere(failing, false);
  expect(met.flatMap(({ wrong }) => wrong)).toEqual([]);
  const codes = met.map(({ codes: [first] }) => first);
  expect(codes).toEqual(expect.arrayContaining(["CLAIMED", "CHECK_FAILED"]));
});
