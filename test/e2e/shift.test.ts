/** Traffic that moves in judged steps, under load: to the end, back from the first, and resumed. */

import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startIn } from "../support/kill/killing.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { underSteadyLoad } from "../support/steady-load.ts";

const ratePerSecond = 100;

describeOnEngine("a shift in steps", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({
      settings: {
        checks: "[]",
        probe: "{ path: /healthz, count: 3 }",
        bake: "{ duration: 3s, interval: 500ms }",
        shift: "{ steps: [{ weight: 10, for: 4s }, { weight: 50, for: 4s }] }",
      },
    });
  });

  afterAll(async () => {
    // Guarded: when beforeAll failed there is nothing to remove.
    if ((project as Project | undefined) !== undefined) await project.remove();
  });

  const deploy = (version: string) => project.run(["deploy", "--version", version]);
  const underLoad = <T>(work: () => Promise<T>) =>
    underSteadyLoad({ url: `${project.url}/`, ratePerSecond }, work);

  it("of a first release is none, and a note says so", async () => {
    const { result: run } = await underLoad(() => deploy("1"));
    expectExit(run, 0);
    expect(run.stderr).toContain("a first release gets all traffic at once");
    expect(run.stderr).not.toContain("shift to");
  });

  it("is told with its total time by a preview", async () => {
    const run = await project.run(["preview", "--version", "2"]);
    expectExit(run, 0);
    expect(run.stdout).toContain("shift to 10 %, watched for 4s");
    expect(run.stdout).toContain("shift to 50 %, watched for 4s");
    expect(run.stdout).toMatch(/about \d+ s until traffic has moved, about \d+ s in all/);
  });

  it("goes over 10 and 50 to 100 %, each step judged, and loses no request", async () => {
    const { result: run, count } = await underLoad(() => deploy("2"));
    expectExit(run, 0);
    expect(run.stderr).toMatch(/done {2}shift to 10 %.*\n(.*\n)*.*step 1 of 2: green had 0 errors/);
    expect(run.stderr).toMatch(/done {2}shift to 50 %.*\n(.*\n)*.*step 2 of 2: green had 0 errors/);
    console.log(`10/50/100: ${count.sent} requests, ${count.failures.length} failed`);
    expect(count.failures).toEqual([]);
    expect(count.bodies.get("green 2")).toBeGreaterThan(0);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
  });

  it("sends a release back from its first step that fails real traffic only", async () => {
    project.fault("3", { status: 500 });
    const { result: run, count } = await underLoad(() => deploy("3"));
    expectExit(run, 4);
    expect(run.stderr).toMatch(/fail {2}step 1 of 2: blue had \d+ errors in \d+ requests, green 0/);
    expect(run.stderr).toContain("the release is pinned");
    expect(run.stderr).not.toContain("shift to 50 %");
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    const met = count.failures.length;
    console.log(`caught in the first step: ${met} of ${count.sent} requests met the release`);
    expect(met).toBeGreaterThan(0);
    // A tenth of what was sent in its four seconds, and not one second longer.
    expect(met).toBeLessThan((ratePerSecond * 5) / 10 + 20);
    expectExit(await deploy("3"), 3);
  });

  it("is overtaken by a rollback, though its run goes on to the next share", async () => {
    const deployment = startIn(project, ["deploy", "--version", "5"]);
    await vi.waitFor(
      async () => {
        expect((await project.record()).rollout).toMatchObject({ phase: "shift" });
      },
      { timeout: 30_000, interval: 200 },
    );
    const run = await project.run(["rollback", "--reason", "carts vanish"]);
    expectExit(run, 0);
    expect(run.stderr).toContain("going direct, ahead of its next step");
    const stopped = await deployment.done;
    expectExit(stopped, 6);
    expect(stopped.stderr).toContain("was ended");
    expect(stopped.stderr).not.toMatch(/done {2}shift to 50 %/);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    const told = (await project.run(["history"])).stdout;
    expect(told).toMatch(/\* {2}roll back directly: carts vanish/);
    expectExit(await project.run(["up"]), 0);
    expect((await project.run(["history"])).stdout).toMatch(
      /\* {2}take over a direct rollback by .*: carts vanish/,
    );
  });

  it("that was killed in a step goes on in the same step, or back", async () => {
    const env = { BLUEGREEN_FAULT: "kill at before Watch" };
    await project.run(["deploy", "--version", "4"], { env });
    const { weights, rollout } = await project.record();
    expect(weights).toEqual({ blue: 10, green: 90 });
    expect(rollout).toMatchObject({ phase: "shift", version: "4" });
    const status = await project.run(["status"]);
    expect(status.stdout).toMatch(/phase +shift, since/);
    expect(status.stdout).toMatch(/step +1 of 2: blue has 10 %/);
    expect(status.stdout).toMatch(/left in its shift: its process is gone/);
    expect(status.stdout).toContain("`bluegreen rollback`");
    expect((await project.run(["abort"])).stderr).toContain("bluegreen rollback");
    const { result: run } = await underLoad(() => project.run(["deploy"]));
    expectExit(run, 0);
    expect(run.stderr).not.toContain("shift to 10 %");
    expect(run.stderr).toContain("step 1 of 2");
    expect(await project.ask()).toMatchObject({ body: "blue 4" });

    await project.run(["switch", "green"], { env });
    expect((await project.record()).weights).toEqual({ blue: 90, green: 10 });
    expectExit(await project.run(["rollback"]), 0);
    expect(await project.record()).toMatchObject({
      weights: { blue: 100, green: 0 },
      rollout: null,
    });
  });
});
