/** Whatever is killed, and wherever: clients notice nothing, and the same command goes on. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startLoad } from "../../automation/demo/load.ts";
import type { Load } from "../../automation/demo/load.ts";
import type { Color } from "../../infra/model.ts";
import { otherColor } from "../../infra/model.ts";
import {
  killWhen,
  runUntilKilled,
  startIn,
  whenLocked,
  whenWritten,
} from "../support/kill/killing.ts";
import type { Kill } from "../support/kill/killing.ts";
import { partsOf } from "../support/kill/processes.ts";
import type { PartProcess } from "../support/kill/processes.ts";
import { checkOut, makeShop } from "../support/kill/project.ts";
import type { Shop } from "../support/kill/project.ts";
import { expectSettled, truthOf } from "../support/kill/truth.ts";
import type { Run } from "../support/project/command.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { kill } from "../support/project/processes.ts";
import type { Project } from "../support/project/project.ts";

const filling = whenLocked(/ up .*fill /);
const emptying = whenLocked(/ destroy /);
/** Several commands each, on a machine that may be busy. */
vi.setConfig({ testTimeout: 400_000 });
const maxMs = 3_600_000;

const everyOrderOnce = { problem: null, missing: [], repeated: [] };

describeOnEngine("under constant load", () => {
  let project: Project;
  let second: string;
  let load: Load | undefined;
  let version = 1;

  beforeAll(async () => {
    project = await makeShop();
    const first = await startIn(project, ["deploy", "--version", "1"]).done;
    expect(first.code, first.output).toBe(0);
    second = checkOut(project, "second");
    load = await startLoad({ url: project.url, ratePerSecond: 200, webSockets: 3, maxMs });
  });

  afterAll(async () => {
    try {
      expect((await load?.stop())?.orders).toMatchObject(everyOrderOnce);
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
      await runUntilKilled(project, args, { kill, cwd: places[index % 2] ?? second });
      const { reading } = await truthOf(project);
      const serving = reading.weights?.blue === 100 ? "blue" : "green";
      expect(reading.weights?.[serving]).toBe(100);
      expect(reading.targets[serving].ready).toBe(1);
    }
    return await startIn(project, args, { cwd: places[kills.length % 2] ?? second }).done;
  }

  async function expectNoFailure(): Promise<void> {
    if (!load) throw new Error("there is no load");
    const { failed, failures, sockets, unsent } = await load.count();
    expect({ failed, failures, unsent }).toEqual({ failed: 0, failures: [], unsent: 0 });
    expect(sockets).toMatchObject({ broken: 0, lost: 0, refused: 0 });
  }

  const rollouts: readonly (readonly [string, (to: Color) => readonly Kill[]])[] = [
    ["filled", () => ["after Claim", filling, "during color Filled"]],
    ["checked", () => ["before Attach", "after Attach", "after Check"]],
    ["switched", (to) => ["during router Guarded", whenWritten(to)]],
    ["baked and held", () => ["during router Served", "before Judge", "before Hold", "after Hold"]],
  ];

  it.each(rollouts)("a deploy killed while the release is %s goes on to its end", async (_, at) => {
    const to = otherColor(await activeColor());
    version += 1;
    const run = await killedAt(["deploy", "--version", String(version)], at(to));
    expect(run.code, run.output).toBe(0);
    const { colors } = await expectSettled(project, to);
    expect(colors[to]?.release.version).toBe(String(version));
    await expectNoFailure();
  });

  it("a killed switch goes on to its end", async () => {
    const to = otherColor(await activeColor());
    const run = await killedAt(["switch", to], ["during router Guarded", whenWritten(to)]);
    expect(run.code, run.output).toBe(0);
    await expectSettled(project, to);
    const status = await project.run(["status", "--json"]);
    expect(JSON.parse(status.stdout)).toMatchObject({ activeColor: to, drift: [], problems: [] });
    await expectNoFailure();
  });

  it("a switch killed before its record is finished by the next deploy, which sees no drift", async () => {
    const to = otherColor(await activeColor());
    await runUntilKilled(project, ["switch", to], { kill: "during router Served" });
    expect((await truthOf(project)).drift.kind).toBe("interrupted");
    const run = await startIn(project, ["deploy"]).done;
    expect(run.code, run.output).toBe(0);
    expect(run.output).toContain(`${to} serves`);
    const { record } = await expectSettled(project, to);
    expect(record.rollout).toMatchObject({ kind: "switch", phase: "hold", color: to });
    await expectNoFailure();
  });

  it("a killed rollback goes on and never goes back and forth", async () => {
    const from = await activeColor();
    const left = (await truthOf(project)).colors[from]?.release.version;
    const kills = ["before RollBack", "during router Guarded", "during router Served"];
    const run = await killedAt(["rollback", "--pin"], kills);
    expect(run.code, run.output).toBe(0);
    const { record } = await expectSettled(project, otherColor(from));
    expect(record.pins).toMatchObject([{ version: left }]);
    const again = await startIn(project, ["rollback"]).done;
    expect(again.output).toContain("NOTHING_TO_ROLL_BACK");
    await expectSettled(project, otherColor(from));
    await expectNoFailure();
  });

  it("a killed retirement goes on until nothing of the color is left", async () => {
    const active = await activeColor();
    const kills = ["after Retire", emptying, "after Empty"];
    const run = await killedAt(["retire", "--now"], kills);
    expect(run.code, run.output).toBe(0);
    const { colors } = await expectSettled(project, active);
    expect(colors[otherColor(active)]).toBe(null);
    await expectNoFailure();
  });

  it("an engine that is killed once the router is written doesn't end its deploy", async () => {
    const to = otherColor(await activeColor());
    version += 1;
    const running = startIn(project, ["deploy", "--version", String(version)]);
    const run = await killWhen(project, running, whenWritten(to, ["engine"]));
    expect(run.code, run.output).toBe(0);
    await expectSettled(project, to);
    await expectNoFailure();
  });

  it("nobody notices that a supervisor is killed, and `up` starts another", async () => {
    const active = await activeColor();
    const before = partsOf(project);
    for (const { pid } of before.filter(({ part }) => part === "supervisor")) kill(pid);
    const run = await startIn(project, ["up"]).done;
    expect(run.code, run.output).toBe(0);
    const { processes } = await expectSettled(project, active);
    expect(pidsOf(processes, "instance")).toEqual(pidsOf(before, "instance"));
    await expectNoFailure();
  });

  it("`up` brings a killed router back as it was; requests fail only in between", async () => {
    const active = await activeColor();
    await expectNoFailure();
    for (const { pid, part } of partsOf(project)) if (part === "router") kill(pid);
    const run = await startIn(project, ["up"]).done;
    expect(run.code, run.output).toBe(0);
    await expectSettled(project, active);
    const gap = await load?.mark("without a router");
    expect(gap?.failed).toBeGreaterThan(0);
    await sleep(500);
    expect(await load?.mark("with it again")).toMatchObject({ failed: 0 });
  });
});

describeOnEngine("a deploy killed while something is made for the first time", () => {
  let project: Shop;
  const routerStarts: Kill = {
    name: "while the router starts",
    victims: ["driver", "engine"],
    seen: (each) => partsOf(each).some(({ part }) => part === "router"),
  };
  const instanceStarts: Kill = {
    name: "while an instance starts",
    victims: ["driver", "engine"],
    seen: (each) =>
      partsOf(each).some(({ part, command }) => part === "supervisor" && /\/green$/.test(command)),
  };

  beforeAll(async () => {
    project = await makeShop();
  });

  afterAll(() => project.remove());

  async function done(args: readonly string[]): Promise<void> {
    const run = await startIn(project, args).done;
    expect(run.code, run.output).toBe(0);
  }

  async function killWhileFilling(args: readonly string[]): Promise<void> {
    project.gate.close();
    await runUntilKilled(project, args, { kill: instanceStarts });
    project.gate.open();
  }

  it("goes on where nothing existed before", async () => {
    const args = ["deploy", "--version", "1"];
    for (const kill of ["during router Planned", routerStarts]) {
      await runUntilKilled(project, args, { kill });
    }
    await done(args);
    await expectSettled(project, "blue");
  });

  it("can be given up: retiring the color leaves nothing of it", async () => {
    await killWhileFilling(["deploy", "--version", "2"]);
    await done(["abort"]);
    await done(["retire", "green", "--now"]);
    await expectSettled(project, "blue");
  });

  it("can be continued", async () => {
    await killWhileFilling(["deploy", "--version", "2"]);
    await done(["deploy", "--version", "2"]);
    await expectSettled(project, "green");
  });

  it("doesn't keep the environment from being taken down, whole", async () => {
    await done(["rollback"]);
    await done(["retire", "green", "--now"]);
    await killWhileFilling(["deploy", "--version", "3"]);
    await done(["down", "--stop-serving"]);
    expect(project.processes()).toEqual([]);
  });
});

function pidsOf(processes: readonly PartProcess[], part: PartProcess["part"]): readonly number[] {
  return processes.flatMap((each) => (each.part === part ? [each.pid] : [])).sort((a, b) => a - b);
}
