/** A release whose errors begin in its hold: its way back isn't retired under it. */

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { Event } from "../../automation/event.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

describeOnEngine("a release that fails in its hold", () => {
  let project: Project;
  const hooked = (): boolean => existsSync(join(project.folder, "hooked"));

  beforeAll(async () => {
    project = await makeProject({
      settings: {
        checks: "[]",
        probe: "{ path: /healthz, count: 3, ratePerSecond: 50, timeout: 500ms }",
        bake: '{ duration: 10s, interval: 1s, synthetic: { paths: ["/", "/orders"] } }',
        hooks: JSON.stringify([{ stage: "PRE_CLEAN_UP", argv: ["touch", "hooked"] }]),
      },
    });
    for (const version of ["1", "2"]) {
      expectExit(await project.run(["deploy", "--version", version]), 0);
    }
  });

  removeAfterAll(() => project);

  it("keeps its way back, with the numbers and what to do; no hook has run", async () => {
    project.fault("2", { status: 500 });
    const run = await project.run(["retire", "--now"]);
    expectError(run, {
      exit: 3,
      code: "ACTIVE_FAILING",
      says: /green fails now: (own requests: \d+ failures|\d+ errors) in \d+ requests .*; blue is kept/,
    });
    expect(run.stderr).toContain("`bluegreen rollback` goes back to blue");
    expect(run.stderr).toContain("`bluegreen retire --now --override-failing REASON`");
    expect(run.stderr).toContain("note  looking at green for at most 5s, as blue is its way back");
    expect([hooked(), (await project.record()).retiring]).toEqual([false, null]);
    expect(await project.color("blue")).not.toBeNull();
  });

  it("can be left by that way, and what failed is retired without a look", async () => {
    expectExit(await project.run(["rollback"]), 0);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    const run = await project.run(["retire", "--now", "--json"]);
    expectExit(run, 0);
    expect(run.stdout).not.toContain("JudgedAgain");
    expect([hooked(), await project.color("green")]).toEqual([true, null]);
    rmSync(join(project.folder, "hooked"));
  });

  it("is looked at for a moment only where it is well and nobody uses it", async () => {
    project.fault("2", null);
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
    expectExit(await project.run(["deploy", "--version", "3"]), 0);
    const run = await project.run(["retire", "--now", "--json"]);
    expectExit(run, 0);
    const events = run.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Event);
    const judged = events.filter((event) => event.kind === "JudgedAgain");
    expect(judged).toMatchObject([{ color: "blue" }]);
    expect(judged[0]?.sentence).toMatch(/^0 errors in \d+ requests/);
    const told = events.flatMap((event) => (event.kind === "Begun" ? [event.action] : []));
    expect(told.indexOf("judge blue once more")).toBe(0);
  });

  it("gives it up where a person says why, and the history has the reason", async () => {
    expectExit(await project.run(["deploy", "--version", "4"]), 0);
    project.fault("4", { status: 500 });
    const silent = await project.run(["retire", "--now", "--override-failing", " "]);
    expectError(silent, { exit: 2, code: "USAGE", says: /--override-failing needs a reason/ });
    expect(await project.color("blue")).not.toBeNull();
    const reason = "the errors are a load test's";
    const run = await project.run(["retire", "--now", "--override-failing", reason]);
    expectExit(run, 0);
    expect(await project.color("blue")).toBeNull();
    const history = await project.run(["history"]);
    expect(history.stdout).toContain(`detach blue for good, whether green fails or not: ${reason}`);
  });
});
