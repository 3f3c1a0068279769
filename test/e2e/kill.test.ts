/** Whatever is killed, and wherever: clients notice nothing, and the same command goes on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLoad } from "../../automation/demo/load.ts";
import type { Load } from "../../automation/demo/load.ts";
import type { Color } from "../../infra/model.ts";
import { otherColor } from "../../infra/model.ts";
import { installedEngine, makeProject } from "../support/kill/project.ts";
import type { Project, Run } from "../support/kill/project.ts";
import { runUntilKilled, whenWritten } from "../support/kill/killing.ts";
import type { Kill, Moment } from "../support/kill/killing.ts";
import { expectSettled, truthOf } from "../support/kill/truth.ts";

const engine = await installedEngine();

const filling: Moment = {
  name: "while a provider fills the color",
  victims: ["driver"],
  seen: (_, family) =>
    family().some(({ part, command }) => part === "engine" && command.includes("fill ")) &&
    family().some(({ part }) => part === "provider"),
};
const emptying: Moment = {
  name: "while a provider empties the color",
  victims: ["driver"],
  seen: (_, family) =>
    family().some(({ part, command }) => part === "engine" && command.includes(" destroy ")) &&
    family().some(({ part }) => part === "provider"),
};

describe.skipIf(engine === null)("under constant load", () => {
  let project: Project;
  let second: string;
  let load: Load | undefined;
  let version = 1;
  const timings: string[] = [];

  beforeAll(async () => {
    if (engine === null) return;
    project = await makeProject(engine);
    // Nobody has asked it anything yet, so its bake can't tell.
    const first = await project.bluegreen(["deploy", "--version", "1"]).ended;
    expect(first, first.output).toMatchObject({ code: 8 });
    second = await project.checkOut("second");
    load = await startLoad({ url: project.url, ratePerSecond: 200, webSockets: 3 });
  });

  afterAll(async () => {
    console.info(timings.join("\n"));
    try {
      await load?.stop();
    } finally {
      await project.remove();
    }
  });

  async function activeColor(): Promise<Color> {
    const { record } = await truthOf(project);
    expect(record.activeColor).not.toBe(null);
    return record.activeColor ?? "blue";
  }

  /** Kills the command once at each point, from one working copy and the other, then lets it end. */
  async function killedAt(args: readonly string[], kills: readonly Kill[]): Promise<Run> {
    const places = [project.folder, second];
    for (const [index, kill] of kills.entries()) {
      const name = typeof kill === "string" ? kill : kill.name;
      const run = await runUntilKilled(project, args, { kill, cwd: places[index % 2] ?? second });
      timings.push(`${args.join(" ")} killed ${name} after ${run.ms} ms`);
      const { reading } = await truthOf(project);
      const serving = reading.weights?.blue === 100 ? "blue" : "green";
      expect(reading.weights?.[serving]).toBe(100);
      expect(reading.targets[serving].ready).toBe(1);
    }
    const run = await project.bluegreen(args, { cwd: places[kills.length % 2] ?? second }).ended;
    timings.push(`${args.join(" ")} ended with ${String(run.code)} after ${run.ms} ms`);
    return run;
  }

  async function expectNoFailure(): Promise<void> {
    if (!load) throw new Error("there is no load");
    const { failed, failures, sockets, unsent } = await load.count();
    expect({ failed, failures, unsent }).toEqual({ failed: 0, failures: [], unsent: 0 });
    expect(sockets).toMatchObject({ broken: 0, lost: 0, refused: 0 });
  }

  const rollouts: readonly (readonly [string, (to: Color) => readonly Kill[]])[] = [
    ["filled", () => ["after Claim", filling, "during color Filled", "after Provision"]],
    ["checked", () => ["before Attach", "after Attach", "after Check"]],
    ["switched", (to) => ["before Switch", "during router Guarded", whenWritten(to)]],
    ["baked", () => ["during router Served", "before Judge"]],
    ["held", () => ["after Switch", "before Hold", "after Hold"]],
  ];

  it.each(rollouts)("a deploy killed while the release is %s goes on to its end", async (_, at) => {
    const to = otherColor(await activeColor());
    version += 1;
    const run = await killedAt(["deploy", "--version", String(version)], at(to));
    expect(run, run.output).toMatchObject({ code: 0 });
    const { colors } = await expectSettled(project, to);
    expect(colors[to]?.release.version).toBe(String(version));
    await expectNoFailure();
  });

  it("a killed rollback goes on and never goes back and forth", async () => {
    const from = await activeColor();
    const kills = ["before RollBack", "during router Guarded", "during router Served"];
    const run = await killedAt(["rollback", "--pin"], kills);
    expect(run, run.output).toMatchObject({ code: 0 });
    const { record } = await expectSettled(project, otherColor(from));
    expect(record.pins).toMatchObject([{ version: String(version) }]);
    const again = await project.bluegreen(["rollback"]).ended;
    expect(again.output).toContain("NOTHING_TO_ROLL_BACK");
    await expectSettled(project, otherColor(from));
    await expectNoFailure();
  });

  it("a killed retirement goes on until nothing of the color is left", async () => {
    const active = await activeColor();
    const kills = ["after Retire", "before Empty", emptying, "after Empty"];
    const run = await killedAt(["retire", "--now"], kills);
    expect(run, run.output).toMatchObject({ code: 0 });
    const { colors } = await expectSettled(project, active);
    expect(colors[otherColor(active)]).toBe(null);
    await expectNoFailure();
  });
});
