/** What a command may write into the settings file, and what it leaves alone. */

import { beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

describeOnEngine("a person's edit of the settings file", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({ settings: { checks: "[]" } });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
  });

  removeAfterAll(() => project);

  it("stays when somebody's deployment is refused", async () => {
    expect(project.settings()).toContain("activeColor: green");
    project.edit({ activeColor: "blue" });
    const edited = project.settings();
    expectExit(await project.run(["claim", "blue", "--now"]), 0);
    const run = await project.run(["deploy", "--version", "3"]);
    expectError(run, { exit: 6, code: "CLAIMED", says: /blue/ });
    expect(project.settings()).toBe(edited);
    expectExit(await project.run(["abort"]), 0);
    project.edit({ activeColor: "green" });
  });

  it("that nobody touched is no wish after a deployment that didn't write it", async () => {
    const untouched = project.settings();
    expectExit(await project.run(["deploy", "--version", "3", "--no-write"]), 0);
    expect(project.settings()).toBe(untouched);
    expectExit(await project.run(["preview"]), 0);
    const update = await project.pulumi([...pulumiUp, "--stack", "dev"]);
    expectExit(update, 0);
    expect(update.output).toMatch(
      /says green, as the router did at generation 2; traffic stays on/,
    );
    expect(await project.ask()).toMatchObject({ body: "blue 3" });
  });
});
