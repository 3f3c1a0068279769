/** Ctrl-C while checks run: they are ended, nobody waits for their deadline. */

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { startOf } from "../../infra/process-identity.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { eventually } from "../support/project/waiting.ts";

/** Says who it is, then goes on for longer than any test waits. */
const script = `
  const { renameSync, writeFileSync } = require("node:fs");
  writeFileSync("begun.part", String(process.pid));
  renameSync("begun.part", "begun");
  setInterval(() => {}, 1000);`;
const endless = `[{ kind: command, argv: [node, -e, ${JSON.stringify(script)}], timeout: 2m }]`;
/** Far below the check's deadline. */
const stopMs = 20_000;

describeOnEngine("checks under way", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({ settings: { checks: endless } });
  });

  removeAfterAll(() => project);

  /** The signal goes to the command alone: a terminal's would reach the check as well. */
  async function expectStopped(args: readonly string[]): Promise<string> {
    const begun = join(project.folder, "begun");
    rmSync(begun, { force: true });
    const running = project.start(args, { limitMs: 90_000 });
    const look = (): true | null => (existsSync(begun) ? true : null);
    await eventually(() => `the check runs: ${running.said()}`, look, 60_000);
    const signalled = performance.now();
    running.signal("SIGINT");
    const run = await running.done;
    expectExit(run, 130);
    expect(performance.now() - signalled).toBeLessThan(stopMs);
    expect(startOf(Number(readFileSync(begun, "utf8")))).toBeNull();
    return run.output;
  }

  it("end with a deploy that is interrupted, which the same command continues", async () => {
    const said = await expectStopped(["deploy", "--version", "1"]);
    expect(said).toContain("interrupted before it passed");
    expect(said).toContain("the same command goes on from here");
    expect(await project.record()).toMatchObject({
      activeColor: null,
      rollout: { version: "1", phase: "check" },
    });
  });

  it("end with a `bluegreen check` that is interrupted", async () => {
    const said = await expectStopped(["check", "blue"]);
    expect(said).toContain("INTERRUPTED: stopped before the checks on blue were over");
  });

  it("leave a rollout that goes on", async () => {
    const unchecked = project.settings().replace(/(bluegreen:checks:).*/, "$1 []");
    writeFileSync(project.settingsFile, unchecked);
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
  });
});
