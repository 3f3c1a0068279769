/** Whoever meets whom: one of them goes on, the other says why not, and clients notice nothing. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startLoad } from "../../automation/demo/load.ts";
import type { Load } from "../../automation/demo/load.ts";
import { parseError } from "../../infra/errors.ts";
import type { Color } from "../../infra/model.ts";
import { otherColor } from "../../infra/model.ts";
import { runUntilKilled, startIn, untilSeen, whenSaid } from "../support/kill/killing.ts";
import { makeShop } from "../support/kill/project.ts";
import type { Shop } from "../support/kill/project.ts";
import { expectSettled, truthOf } from "../support/kill/truth.ts";
import type { Run, Running } from "../support/project/command.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { pulumiUp } from "../support/project/project.ts";

/** Several commands each, on a machine that may be busy. */
vi.setConfig({ testTimeout: 400_000 });
const maxMs = 3_600_000;

const everyOrderOnce = { problem: null, missing: [], repeated: [] };

const claimed = /done {2}claim/;
const switched = /done {2}switch/;

describeOnEngine("under constant load", () => {
  let project: Shop;
  let load: Load | undefined;
  let version = 1;

  beforeAll(async () => {
    project = await makeShop();
    const first = await startIn(project, ["deploy", "--version", "1"]).done;
    expect(first.code, first.output).toBe(0);
    load = await startLoad({ url: project.url, ratePerSecond: 200, webSockets: 3, maxMs });
  });

  afterAll(async () => {
    try {
      expect((await load?.stop())?.orders).toMatchObject(everyOrderOnce);
    } finally {
      await project.remove();
    }
  });

  function deploy(): Running {
    version += 1;
    return startIn(project, ["deploy", "--version", String(version)]);
  }

  async function activeColor(): Promise<Color> {
    const { record } = await truthOf(project);
    expect(record.activeColor).not.toBe(null);
    return record.activeColor ?? "blue";
  }

  /** As a person would: the file says the color, then `pulumi up`. */
  async function upByHand(activeColor: Color): Promise<Run> {
    const { record } = await truthOf(project);
    project.edit({ activeColor, generation: record.generation });
    return project.pulumi([...pulumiUp, "--stack", "dev"]);
  }

  async function expectNoFailure(): Promise<void> {
    if (!load) throw new Error("there is no load");
    const { failed, failures, sockets, unsent } = await load.count();
    expect({ failed, failures, unsent }).toEqual({ failed: 0, failures: [], unsent: 0 });
    expect(sockets).toMatchObject({ broken: 0, lost: 0, refused: 0 });
  }

  function bakeFor(duration: string): void {
    const text = readFileSync(project.settingsFile, "utf8");
    writeFileSync(project.settingsFile, text.replace(/duration: \w+/, `duration: ${duration}`));
  }

  async function expectRefused(args: readonly string[], reason: RegExp): Promise<void> {
    const run = await startIn(project, args).done;
    const code = parseError(run.output)?.exitCode;
    expect(run.output).toMatch(reason);
    expect(run.code, run.output).toBe(code);
  }

  it("of two deploys one goes on, and the other names it", async () => {
    const runs = [deploy(), deploy()];
    const ended = await Promise.all(runs.map(({ done }) => done));
    const codes = ended.map(({ code }) => code);
    expect([...codes].sort(), JSON.stringify(ended)).toEqual([0, 6]);
    const winner = runs[codes.indexOf(0)];
    const loser = ended[codes.indexOf(6)];
    expect(loser?.output).toMatch(/CLAIMED: rollout r-\S+ has claimed green/);
    expect(loser?.output).toContain(`(process ${String(winner?.pid)})`);
    await expectSettled(project, "green");
    await expectNoFailure();
  });

  it("whoever meets a deploy that fills its color leaves color and traffic alone", async () => {
    const active = await activeColor();
    const idle = otherColor(active);
    project.gate.close();
    const running = deploy();
    await untilSeen(project, running, whenSaid(claimed));
    const byHand = await upByHand(idle);
    expect(byHand.code, byHand.output).not.toBe(0);
    expect(byHand.output).toContain("CLAIMED");
    await expectRefused(["rollback"], /ROLLBACK_IMPOSSIBLE|NOTHING_TO_ROLL_BACK/);
    await expectRefused(["retire", idle, "--now"], /CLAIMED/);
    await expectRefused(["switch", idle], /CLAIMED/);
    project.gate.open();
    const run = await running.done;
    expect(run.code, run.output).toBe(0);
    await expectSettled(project, idle);
    await expectNoFailure();
  });

  it("a rollback ends a deploy in its bake", async () => {
    bakeFor("20s");
    const active = await activeColor();
    const running = deploy();
    await untilSeen(project, running, whenSaid(switched));
    const rollback = await startIn(project, ["rollback"]).done;
    expect(rollback.code, rollback.output).toBe(0);
    const run = await running.done;
    expect(run.code, run.output).toBe(6);
    await expectSettled(project, active);
    await expectNoFailure();
  });

  it("a hand-run update back to the former color ends a deploy in its bake", async () => {
    const active = await activeColor();
    const running = deploy();
    await untilSeen(project, running, whenSaid(switched));
    const byHand = await upByHand(active);
    expect(byHand.code, byHand.output).toBe(0);
    const run = await running.done;
    expect(run.code, run.output).toBe(6);
    await expectSettled(project, active);
    await expectNoFailure();
  });

  it("a deploy killed in its bake goes on with it", async () => {
    bakeFor("3s");
    const to = otherColor(await activeColor());
    version += 1;
    const args = ["deploy", "--version", String(version)];
    await runUntilKilled(project, args, { kill: whenSaid(switched) });
    const { rollout } = (await truthOf(project)).record;
    const served = Date.parse(rollout?.since ?? "");
    const run = await startIn(project, args).done;
    expect(run.code, run.output).toBe(0);
    expect(run.output).toContain(`bake ${to}`);
    const { record } = await truthOf(project);
    expect(record.rollout?.baked?.verdict).toBe("pass");
    expect(Date.parse(record.rollout?.since ?? "") - served).toBeGreaterThanOrEqual(3_000);
    await expectSettled(project, to);
    await expectNoFailure();
  });

  it("a color that is being retired doesn't get traffic, neither by switch nor by hand", async () => {
    const active = await activeColor();
    const idle = otherColor(active);
    const obeyed = await upByHand(active);
    expect(obeyed.code, obeyed.output).toBe(0);
    const running = startIn(project, ["retire", idle, "--now"]);
    await untilSeen(project, running, whenSaid(/done {2}detach/));
    const [switching, byHand] = await Promise.all([
      startIn(project, ["switch", idle]).done,
      upByHand(idle),
    ]);
    const retire = await running.done;
    expect(retire.code, retire.output).toBe(0);
    expect(switching.code, switching.output).toBe(3);
    expect(byHand.code, byHand.output).not.toBe(0);
    expect(byHand.output).toMatch(/COLOR_RETIRING|COLOR_EMPTY/);
    await expectSettled(project, active);
    await expectNoFailure();
  });

  it("of a switch and the retirement of its color one goes on", async () => {
    bakeFor("0s");
    const run = await deploy().done;
    expect(run.code, run.output).toBe(0);
    const active = await activeColor();
    const idle = otherColor(active);
    const [switching, retire] = await Promise.all([
      startIn(project, ["switch", idle]).done,
      startIn(project, ["retire", idle, "--now"]).done,
    ]);
    const codes = [switching.code, retire.code];
    expect(codes, switching.output + retire.output).toContain(0);
    expect([3, 6], switching.output + retire.output).toContain(codes.find((code) => code !== 0));
    await expectSettled(project, switching.code === 0 ? idle : active);
    await expectNoFailure();
  });
});
