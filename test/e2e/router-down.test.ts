/** A router that is killed while a release is baked: nobody is served, and nothing is taken for good. */

import { beforeAll, describe, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { endProcesses } from "../support/project/processes.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeWithRouter, routerPids, useProcesses } from "../support/project/proxy.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { eventually } from "../support/project/waiting.ts";
import { findProgram } from "../support/programs.ts";

const platforms = ["local", ...(findProgram("nginx") === null ? [] : ["nginx"])];

describeOnEngine("a router that is killed in a bake", () => {
  describe.each(platforms)("on %s", (platform) => {
    let project: Project;

    beforeAll(async () => {
      project = await makeProject({ settings: { bake: "{ duration: 15s, interval: 500ms }" } });
      if (platform === "nginx") await useProcesses(project, { dialect: "nginx" });
    });

    removeAfterAll(() => project, removeWithRouter);

    const pids = async (): Promise<readonly number[]> => {
      if (platform === "nginx") return routerPids(project);
      const router = await project.router();
      return router === null ? [] : [router.pid];
    };

    it("ends the rollout as ROUTER_DOWN, still in its bake", async () => {
      const deploy = project.start(["deploy", "--version", "1"]);
      await eventually(
        "the bake",
        () => (/watching blue/.test(deploy.said()) ? true : null),
        60_000,
      );
      await endProcesses(await pids());
      const run = await deploy.done;
      expectError(run, { exit: 5, code: "ROUTER_DOWN", says: /silent for 5s in the bake of blue/ });
      expect(run.stderr).toMatch(/bluegreen up`; then the same command goes on/);
      expect(await project.record()).toMatchObject({
        rollbackUntil: null,
        rollout: { phase: "bake" },
      });
    });

    it("goes on once the router is back", async () => {
      expectExit(await project.run(["up"]), 0);
      expect(await project.ask()).toMatchObject({ color: "blue" });
      const run = await project.run(["deploy", "--version", "1"]);
      expect([0, 8]).toContain(run.code);
      expect((await project.record()).rollout?.phase).toBe("hold");
    });
  });
});
