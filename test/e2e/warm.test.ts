/** A former color held warm, under constant load: shrunk after the bake, grown before it serves. */

import { beforeAll, expect, it, vi } from "vitest";
import type { StatusReport } from "../../automation/status/report.ts";
import { runUntilKilled, startIn, whenLocked } from "../support/kill/killing.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import type { LoadCount } from "../support/steady-load.ts";
import { underSteadyLoad } from "../support/steady-load.ts";

/** Several commands each, on a machine that may be busy. */
vi.setConfig({ testTimeout: 300_000 });

const settings = {
  checks: "[{ kind: version, path: /version }, { kind: capacity }]",
  bake: "{ duration: 2s, interval: 500ms, latency: { enabled: false } }",
  probe: "{ path: /probe, count: 3, ratePerSecond: 100, timeout: 5s }",
  hold: "{ warm: 1 }",
  claim: "30m",
  switchWithin: "20s",
};

describeOnEngine("a former color that is held warm", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({ settings, instances: 3 });
    expectExit(await startIn(project, ["deploy", "--version", "1"]).done, 0);
  });

  removeAfterAll(() => project);

  async function underLoad<T>(work: () => Promise<T>): Promise<T> {
    const load = { url: `${project.url}/`, ratePerSecond: 100 };
    const { result, count } = await underSteadyLoad(load, work);
    expectNoneLost(count);
    return result;
  }

  function expectNoneLost({ sent, failures }: LoadCount): void {
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(50);
  }

  async function sizes() {
    const [blue, green] = await Promise.all([project.color("blue"), project.color("green")]);
    const attached = (await project.router())?.routes.attached;
    return {
      running: [blue?.ready, green?.ready],
      attached: [attached?.blue.length, attached?.green.length],
    };
  }

  async function status(): Promise<StatusReport> {
    const run = await project.run(["status", "--json"]);
    expectExit(run, 0);
    return JSON.parse(run.stdout) as StatusReport;
  }

  it("shrinks once its successor has passed, and says so", async () => {
    const run = await underLoad(() => startIn(project, ["deploy", "--version", "2"]).done);
    expectExit(run, 0);
    expect(run.stderr).toContain("shrink blue from 3 to 1 instances");
    expect(run.stderr).toContain("blue is held warm with 1 of 3 instances");
    expect(await sizes()).toEqual({ running: [1, 3], attached: [1, 3] });
  });

  it("is told by status and preview, with the time that growing takes", async () => {
    const { warm } = (await status()).colors.blue;
    expect(warm).toMatchObject({ size: 1, full: 3, shrinksTo: null, basis: "measured" });
    const held = /release 1, held warm with 1 of 3 instances, full again in about \d+s/;
    expect(warm?.sentence).toMatch(held);
    expect((await project.run(["status"])).stdout).toMatch(held);
    expect((await project.run(["preview", "--switch", "blue"])).output).toMatch(held);
  });

  it("gets no traffic by a hand-run update, nor does it grow by one", async () => {
    const text = project.settings();
    const { generation } = await project.record();
    project.edit({ activeColor: "blue", generation: generation + 1 });
    const run = await project.pulumi([...pulumiUp, "--stack", project.stack]);
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("COLOR_SMALL");
    expect(run.output).toContain("bluegreen up --grow");
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    project.edit({ activeColor: "green", generation });
    expect(project.settings()).toBe(text);
    expectExit(await project.run(["up"]), 0);
    expect((await sizes()).running).toEqual([1, 3]);
  });

  it("grows before a rollback, also one that was killed while it grew", async () => {
    project.fault("1", { startMs: 1_500 });
    const growing = whenLocked(/ up .*grow /);
    const said = await underLoad(async () => {
      await runUntilKilled(project, ["rollback"], { kill: growing });
      expect(await project.ask()).toMatchObject({ body: "green 2" });
      const run = await startIn(project, ["rollback"]).done;
      expectExit(run, 0);
      expect(run.stderr).toMatch(/done {2}grow blue from 1 to 3 instances/);
      return run.stderr;
    });
    project.fault("1", null);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    // On a machine too busy for the engine's 5 s traffic goes direct, to what is attached.
    if (said.includes("going direct")) expectExit(await project.run(["up"]), 0);
    expect(await sizes()).toEqual({ running: [3, 3], attached: [3, 3] });
  });

  it("is shrunk to its end by the same command where that was killed", async () => {
    await underLoad(async () => {
      const args = ["deploy", "--version", "3"];
      await runUntilKilled(project, args, { kill: "before Shrink" });
      expect(await sizes()).toEqual({ running: [3, 3], attached: [1, 3] });
      await runUntilKilled(project, args, { kill: whenLocked(/ up .*shrink /) });
      expect(await project.ask()).toMatchObject({ body: "green 3" });
      expectExit(await project.run(["deploy", "--version", "3"]), 0);
    });
    expect(await sizes()).toEqual({ running: [1, 3], attached: [1, 3] });
  });
});
