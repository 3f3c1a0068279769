/** A deployment that waits for a person between its checks and its switch. */

import { beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

describeOnEngine("a deployment with a manual gate", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({ settings: { checks: "[]" } });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    project.edit({ gate: "manual" });
  });

  removeAfterAll(() => project);

  it("waits after its checks, while the active color has all traffic", async () => {
    const run = await project.run(["deploy", "--version", "2"]);
    expectError(run, { exit: 7, code: "GATE_WAITING", says: /2 is in green, passed its checks/ });
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expect(await project.record()).toMatchObject({
      activeColor: "blue",
      claim: { color: "green", owner: null },
      rollout: { phase: "gate", version: "2" },
    });
    const other = await project.run(["deploy", "--version", "3"]);
    expectError(other, { exit: 6, code: "CLAIMED", says: /bluegreen approve/ });
  });

  it("goes on with a person's word, from another process, and keeps it", async () => {
    expectExit(await project.run(["approve", "--reason", "tested by QA"]), 0);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    const permission = { reason: "tested by QA" };
    expect(await project.record()).toMatchObject({ rollout: { phase: "hold", permission } });
    const { output } = await project.pulumi(["stack", "history", "--stack", "dev"]);
    expect(output).toMatch(/permitted by .+: tested by QA/);
    const again = await project.run(["abort"]);
    expectError(again, { exit: 6, code: "ROLLOUT_OPEN", says: /has switched already/ });
  });

  it("is given up by abort, and needs no word to go back", async () => {
    expectError(await project.run(["deploy", "--version", "3"]), { exit: 7, code: "GATE_WAITING" });
    expectExit(await project.run(["abort"]), 0);
    expectError(await project.run(["approve"]), { exit: 2, code: "USAGE" });
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    expectExit(await project.run(["switch", "blue", "--no-bake"]), 0);
    expectExit(await project.run(["rollback"]), 0);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
  });
});
