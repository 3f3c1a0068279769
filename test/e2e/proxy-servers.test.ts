/** Two Python servers per color behind nginx, each filled by a script of the user's own. */

import { beforeAll, expect, it } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit, expectNothingLost } from "../support/project/expectations.ts";
import type { Project } from "../support/project/project.ts";
import { routerReading, useProxy } from "../support/project/proxy.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { makeServersProject } from "../support/project/servers-project.ts";
import type { ServersProject } from "../support/project/servers-project.ts";
import type { TestServers } from "../support/project/servers.ts";
import { describeWith } from "../support/programs.ts";

describeWith(["nginx", "python3"], "two servers per color behind nginx", () => {
  describeOnEngine("filled by a script", () => {
    let made: ServersProject;
    let project: Project;
    let servers: TestServers;

    beforeAll(async () => {
      made = await makeServersProject();
      ({ project, servers } = made);
      useProxy(project, { colors: servers.colors({ removes: false }) });
    });

    removeAfterAll(() => made);

    it("serve a first release on both, one after the other", async () => {
      expectExit(await project.run(["deploy", "--version", "1"]), 0);
      const { line, installed } = servers;
      expect(installed()).toEqual([line("blue", 0, "1"), line("blue", 1, "1")]);
      expect(await project.ask()).toEqual({ status: 200, color: "blue", body: "blue 1" });
      expect((await routerReading(project)).attached.blue).toHaveLength(2);
    });

    it("take a second one on the other color's servers, without a lost request", async () => {
      await expectNothingLost(project, () => project.run(["deploy", "--version", "2"]));
      const { line, installed } = servers;
      expect(installed()).toEqual([line("green", 0, "2"), line("green", 1, "2")]);
      expect(await project.ask()).toMatchObject({ body: "green 2" });
    });

    it("go back by a flip that installs nothing", async () => {
      await expectNothingLost(project, () => project.run(["rollback"]));
      expect(await project.ask()).toMatchObject({ body: "blue 1" });
      await expectNothingLost(project, () => project.run(["switch", "green", "--no-bake"]));
      expect(servers.installed()).toEqual([]);
    });

    it("say why one of them can't be filled, and only that one is filled again", async () => {
      servers.fail("blue", 1);
      const run = await project.run(["deploy", "--version", "3"]);
      const says = new RegExp(`blue 3, ${servers.addresses.blue[1]}: install failed with exit`);
      expectError(run, { exit: 3, code: "PROVISION_FAILED", says });
      expect(run.stderr).toMatch(/unpacking 3\n\s+disk is full/);
      expect(await project.ask()).toMatchObject({ body: "green 2" });
      servers.installed();
      servers.mend();
      await expectNothingLost(project, () => project.run(["deploy", "--version", "3"]));
      expect(servers.installed()).toEqual([servers.line("blue", 1, "3")]);
      expect(await project.ask()).toMatchObject({ body: "blue 3" });
    });

    it("are brought back when they died, and nothing else is touched", async () => {
      await servers.endOne("blue", 1);
      const status = await project.run(["status"]);
      expect(status.stdout).toMatch(/blue\s+active\s+3\s.*1\/2 ready/);
      const doctor = await project.run(["doctor"]);
      expect(doctor.stdout).toMatch(/blue\s+1 of 2 servers are ready/);
      expectExit(await project.run(["up"]), 0);
      expect(servers.installed()).toEqual([servers.line("blue", 1, "3")]);
      expect((await project.run(["status"])).stdout).toMatch(/blue\s+active\s+3\s.*2\/2 ready/);
    });

    it("go on with their release when the environment goes", async () => {
      const run = await project.run(["down", "--stop-serving", "--yes"]);
      expectExit(run, 0);
      expect(run.stderr).toMatch(/of blue go on: no bluegreen:proxy\.colors\.remove is set/);
      for (const address of servers.addresses.blue) {
        expect(await (await fetch(`http://${address}/`)).text()).toBe("blue 3");
      }
      await expect(project.ask()).rejects.toThrow();
    });
  });
});
