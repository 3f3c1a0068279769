/** A switch whose driver is killed between its flip and its proof: the next command proves it. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { eventually } from "../support/project/waiting.ts";

const settings = { checks: "[{ kind: version, path: /version }]", switchWithin: "3s" };
const toBlue = ["switch", "blue", "--no-bake", "--no-write"];

describeOnEngine("a switch that is killed before it was seen to be served", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({ settings });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
  });

  afterAll(async () => {
    // Guarded: when beforeAll failed there is nothing to remove.
    if ((project as Project | undefined) !== undefined) await project.remove();
  });

  /** Blue doesn't answer the probes, so that the proof takes as long as it may. */
  async function killedAfterFlip(): Promise<void> {
    project.fault("1", { silentProbe: true });
    const running = project.start(toBlue);
    await eventually(
      () => `traffic goes to blue:\n${running.said()}`,
      async () => ((await project.router())?.routes.weights.blue === 100 ? true : null),
      20_000,
    );
    running.signal("SIGKILL");
    expectExit(await running.done, 137);
    expect(await project.ask("/")).toMatchObject({ body: "blue 1" });
    expect(await project.record()).toMatchObject({ activeColor: "green" });
  }

  it("goes back when the same command doesn't see it served either", async () => {
    await killedAfterFlip();
    const run = await project.run(toBlue);
    expectError(run, { exit: 3, code: "SWITCH_NOT_SERVED", says: /within 3000 ms/ });
    expect(await project.ask("/")).toMatchObject({ body: "green 2" });
    expect(await project.record()).toMatchObject({ activeColor: "green" });
  });

  it("goes back when an update by hand doesn't see it served", async () => {
    await killedAfterFlip();
    expectExit(await project.run(["unlock", "--yes"]), 0);
    project.edit({ activeColor: "blue" });
    const run = await project.pulumi([...pulumiUp, "--stack", "dev"]);
    expect(run.output).toMatch(/SWITCH_NOT_SERVED/);
    expect(await project.ask("/")).toMatchObject({ body: "green 2" });
  });

  it("ends as any other once it is seen served", async () => {
    project.fault("1", null);
    const run = await project.run(toBlue);
    expectExit(run, 0);
    expect(run.stderr).toMatch(/served by blue, seen in the data plane after \d+ ms/);
    expect(await project.ask("/")).toMatchObject({ body: "blue 1" });
    expect(await project.record()).toMatchObject({ activeColor: "blue" });
  });
});
