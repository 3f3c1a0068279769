/** The proof of a switch: errors of the new color end it, and what was cut short before it is proven. */

import { beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";
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

  removeAfterAll(() => project);

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

describeOnEngine("a release that answers with errors once it has the traffic", () => {
  let project: Project;
  /** Its checks ask another path. */
  const broken = { status: 500 };

  beforeAll(async () => {
    project = await makeProject({ settings: { ...settings, switchWithin: "60s" } });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
  });

  removeAfterAll(() => project);

  it("loses it at once, is pinned, and its rollout ends", async () => {
    project.fault("2", broken);
    const run = await project.run(["deploy", "--version", "2"]);
    const says =
      /(\d+) of \1 answers of green were errors within \d+ ms of the switch: .* answered 500/;
    expectError(run, { exit: 4, code: "ROLLED_BACK", says });
    expect(run.stderr).toMatch(/back +traffic is on blue: (\d+) of \1/);
    expect(run.stderr).toMatch(/hint: traffic is back on blue; the release is pinned/);
    expect(await project.ask("/")).toMatchObject({ status: 200, body: "blue 1" });
    expect(await project.record()).toMatchObject({
      activeColor: "blue",
      generation: 3,
      rollout: null,
      pins: [{ version: "2", reason: expect.stringMatching(says) as string }],
    });
    const again = await project.run(["deploy", "--version", "2"]);
    expectError(again, { exit: 3, code: "RELEASE_PINNED", says: /(\d+) of \1 answers/ });
  });

  it("loses it in an update by hand as well, and isn't switched to by the next one either", async () => {
    project.fault("3", null);
    expectExit(await project.run(["deploy", "--version", "3"]), 0);
    project.fault("1", broken);
    project.edit({ activeColor: "blue" });
    const run = await project.pulumi([...pulumiUp, "--stack", "dev"]);
    expect(run.code).not.toBe(0);
    expect(run.output).toMatch(
      /error: .*ROLLED_BACK: (\d+) of \1 answers of blue were errors within/,
    );
    expect(run.output).toMatch(
      /hint: traffic is back on green; the release is pinned, look at `bluegreen logs blue`/,
    );
    expect(await project.ask("/")).toMatchObject({ status: 200, body: "green 3" });
    project.fault("1", null);
    const again = await project.pulumi([...pulumiUp, "--stack", "dev"]);
    expect(again.code).not.toBe(0);
    expect(again.output).toMatch(/STALE_INTENT: .*asks for blue/);
    const free = await project.run(["switch", "blue", "--no-bake", "--no-write"]);
    expectError(free, { exit: 3, code: "RELEASE_PINNED", says: /by the proof of its switch/ });
    expect(await project.ask("/")).toMatchObject({ status: 200, body: "green 3" });
  });

  it("loses it when a person's switch command gave it back, and is pinned then", async () => {
    project.edit({ activeColor: "green" });
    expectExit(await project.run(["unpin", "1"]), 0);
    project.fault("1", broken);
    const run = await project.run(["switch", "blue", "--no-bake", "--no-write"]);
    expectError(run, { exit: 4, code: "ROLLED_BACK", says: /(\d+) of \1 answers of blue/ });
    expect(await project.ask("/")).toMatchObject({ status: 200, body: "green 3" });
    expect((await project.record()).pins.map(({ version }) => version)).toEqual(["2", "1"]);
  });
});
