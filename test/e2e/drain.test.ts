/** What a color still answers when it is to go, by an application that ends without a thought. */

import { writeFileSync } from "node:fs";
import { afterEach, beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

describeOnEngine("a request that takes longer than the commands that replace its color", () => {
  let project: Project;
  let slow: Promise<{ readonly body: string; readonly endedAt: number }> | null = null;

  beforeAll(async () => {
    project = await makeProject({ settings: { checks: "[]", drain: "40s", rollbackWindow: "1h" } });
    for (const version of ["1", "2", "3"]) project.fault(version, { abrupt: true });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
  });

  afterEach(async () => {
    await slow?.catch(() => null);
    slow = null;
  });

  removeAfterAll(() => project);

  /** Asks the color that is active now. */
  function askSlowly(ms: number): void {
    const signal = AbortSignal.timeout(ms + 30_000);
    slow = fetch(`${project.url}/slow?ms=${ms}`, { signal }).then(async (response) => {
      const body = await response.text();
      return { body, endedAt: Date.now() };
    });
    // Looked at later.
    slow.catch(() => null);
  }

  it("is answered when a rollback is followed by a deployment", async () => {
    askSlowly(15_000);
    expectExit(await project.run(["rollback"]), 0);
    const run = await project.run(["deploy", "--version", "3"]);
    expectExit(run, 0);
    expect(run.stderr).toMatch(/drain green, for at most \d+ s/);
    expect(await slow).toMatchObject({ body: "slow 2" });
    expect(await project.ask()).toMatchObject({ body: "green 3" });
  });

  it("is answered when its color is emptied by hand", async () => {
    askSlowly(12_000);
    expectExit(await project.run(["switch", "blue", "--no-bake"]), 0);
    const run = await project.run(["retire", "--now"]);
    expectExit(run, 0);
    expect(await slow).toMatchObject({ body: "slow 3" });
    expect(await project.color("green")).toBeNull();
  });

  it("keeps the traffic where two colors must never serve at once, until it is over", async () => {
    expectExit(await project.run(["deploy", "--version", "4"]), 0);
    const paused = project.settings().replace("bluegreen:local:\n", "$&    pause: 400ms\n");
    expect(paused).not.toBe(project.settings());
    writeFileSync(project.settingsFile, paused);
    const besides = await project.run(["switch", "blue", "--no-bake"]);
    expectExit(besides, 3);
    expect(besides.stderr).toMatch(
      /PLAN_REFUSED: this step would also change dev-router \(.+\): \w+/,
    );
    expectExit(await project.run(["up", "--yes"]), 0);
    askSlowly(9_000);
    const early = await project.run(["switch", "blue", "--no-bake"]);
    expectExit(early, 3);
    expect(early.stderr).toMatch(/COLOR_BUSY: green had 1 request open after a pause of 400 ms/);
    expect(await project.ask()).toMatchObject({ body: "green 4" });
    expect(await slow).toMatchObject({ body: "slow 4" });
    expectExit(await project.run(["switch", "blue", "--no-bake"]), 0);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
  });

  it("is answered when all is taken down, whatever the settings say by now", async () => {
    askSlowly(8_000);
    const other = project.settings().replace("pause: 400ms", "pause: 300ms");
    expect(other).not.toBe(project.settings());
    writeFileSync(project.settingsFile, other);
    expectExit(await project.run(["down", "--stop-serving", "--yes"]), 0);
    expect(await slow).toMatchObject({ body: "slow 1" });
  });
});
