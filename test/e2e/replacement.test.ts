/** A deploy that takes the place of another release's rollout: at its gate, and from a live driver. */

import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it, vi } from "vitest";
import { startIn } from "../support/kill/killing.ts";
import type { Run } from "../support/project/command.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { underSteadyLoad } from "../support/steady-load.ts";

/** Without a bake nothing is judged, and that isn't what is tested here. */
function expectDone({ code, output }: Run): void {
  expect([0, 8], output).toContain(code);
}

/** A check that waits for a file `go` where there is a file `slow`, and says so by another one. */
const wait = [
  "const fs = require(`fs`)",
  "const wait = () => fs.existsSync(`go`) || setTimeout(wait, 50)",
  "if (fs.existsSync(`slow`)) { fs.writeFileSync(`seen`, ``); wait(); }",
].join("; ");
const slowOnDemand = `[{ kind: command, argv: ["node", "-e", "${wait}"], timeout: 4m }]`;

/** Ample, so that a busy machine doesn't end a command early. */
const limitMs = 150_000;

describeOnEngine("a deploy that meets another release's rollout", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({
      settings: {
        checks: slowOnDemand,
        bake: "{ duration: 0s }",
        gate: "automatic",
        whileRollingOut: "reject",
      },
    });
    expectDone(await deploy("1"));
    project.edit({ gate: "manual" });
  });

  removeAfterAll(() => project);

  const deploy = (version: string, ...more: string[]) =>
    project.run(["deploy", "--version", version, ...more], { limitMs });
  const underLoad = <T>(work: () => Promise<T>) =>
    underSteadyLoad({ url: `${project.url}/`, ratePerSecond: 50 }, work);

  it("is refused at its gate, and told whose it is and what it may do", async () => {
    expectError(await deploy("2"), { exit: 7, code: "GATE_WAITING" });
    const run = await deploy("3");
    expectError(run, {
      exit: 6,
      code: "CLAIMED",
      says: /for 2, in its gate: nobody at the moment/,
    });
    expect(run.stderr).toContain("--replace");
    expect(await project.record()).toMatchObject({ rollout: { version: "2", phase: "gate" } });
  });

  it("takes its place with --replace, and loses no request", async () => {
    project.edit({ gate: "automatic" });
    const { result: run, count } = await underLoad(() => deploy("3", "--replace"));
    expectDone(run);
    expect(run.stderr).toMatch(/done {2}give up rollout r-\S+ of 2 in its gate, for 3/);
    expect(count.failures).toEqual([]);
    expect(await project.ask()).toMatchObject({ body: "green 3" });
    expect((await project.run(["history"])).stdout).toContain("abort: replaced by 3");
  });

  it("takes the place of one in its checks, whose driver is told even when all is over", async () => {
    project.edit({ whileRollingOut: "replace" });
    const slow = join(project.folder, "slow");
    writeFileSync(slow, "");
    const former = startIn(project, ["deploy", "--version", "4"]);
    await vi.waitFor(
      () => {
        expect(existsSync(join(project.folder, "seen"))).toBe(true);
      },
      { timeout: 60_000, interval: 50 },
    );
    const before = await project.record();
    expect(before.rollout).toMatchObject({ version: "4", phase: "check" });
    rmSync(slow);
    const { result: run, count } = await underLoad(() => deploy("5"));
    expectDone(run);
    expect(count.failures).toEqual([]);
    const after = await project.record();
    expect(after).toMatchObject({ rollout: { version: "5", phase: "hold" }, claim: null });
    writeFileSync(join(project.folder, "go"), "");
    const [own, other] = [before.rollout?.id, after.rollout?.id].map(String);
    const taken = `rollout ${other} of 5 has taken the place of ${own}; blue is active`;
    const says = new RegExp(`^CLAIMED: ${taken}$`, "m");
    expectError(await former.done, { exit: 6, code: "CLAIMED", says });
    expect(await project.ask()).toMatchObject({ body: "blue 5" });
    expect(await project.record()).toEqual(after);
    expect(after).toMatchObject({ activeColor: "blue", pins: [] });
  }, 300_000);
});
