/** A router that serves, and settings that name another address for it. */

import { writeFileSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import { anyPort, freePort } from "../../infra/platforms/local/supervisor/ports.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

describeOnEngine("a changed port while clients are served", () => {
  let project: Project;
  let other = 0;

  beforeAll(async () => {
    project = await makeProject({ settings: { checks: "[]" } });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
    other = await freePort("127.0.0.1", anyPort(new Set()), new Set([project.port]));
    const moved = project.settings().replace(`port: ${project.port}`, `port: ${other}`);
    expect(moved).not.toBe(project.settings());
    writeFileSync(project.settingsFile, moved);
  });

  removeAfterAll(() => project);

  it("isn't obeyed by up without a yes", async () => {
    const says = new RegExp(`Clients of http://127.0.0.1:${project.port} will be refused`);
    expectError(await project.run(["up"]), { exit: 2, code: "USAGE", says });
    expect(await project.ask()).toMatchObject({ body: "green 2" });
  });

  it("doesn't make a rollback look in the wrong place", async () => {
    const run = await project.run(["rollback"]);
    expectExit(run, 0);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
  });

  it("is obeyed with a yes, and moves no traffic between colors", async () => {
    expectExit(await project.run(["up", "--yes"]), 0);
    const reply = await fetch(`http://127.0.0.1:${other}/`);
    expect(await reply.text()).toBe("blue 1");
  });
});
