/** The platform `proxy` from the first release to the end, by the command line, under a load. */

import { createServer } from "node:net";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit, expectNothingLost } from "../support/project/expectations.ts";
import { holdLock } from "../support/project/held-lock.ts";
import { endProcesses } from "../support/project/processes.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import {
  removeWithRouter,
  routerPids,
  routerReading,
  settingsOf,
  useProcesses,
} from "../support/project/proxy.ts";
import { describeWith } from "../support/programs.ts";
import { removeAfterAll } from "../support/project/removal.ts";

const noEngine = { env: { BLUEGREEN_ENGINE: "/nowhere/pulumi" } };

describeWith(["nginx"], "a managed nginx before processes", () => {
  describeOnEngine("from the first release to the end", () => {
    let project: Project;

    beforeAll(async () => {
      project = await makeProject();
      await useProcesses(project, { dialect: "nginx" });
    });

    removeAfterAll(() => project, removeWithRouter);

    it("serves a first release", async () => {
      const run = await project.run(["deploy", "--version", "1"]);
      expectExit(run, 0);
      expect(await project.ask()).toEqual({ status: 200, color: "blue", body: "blue 1" });
    });

    it("rolls out a second one without a lost request", async () => {
      await expectNothingLost(project, () => project.run(["deploy", "--version", "2"]));
      expect(await project.ask()).toMatchObject({ color: "green", body: "green 2" });
      expect(await project.record()).toMatchObject({ activeColor: "green", generation: 2 });
    });

    it("switches by a hand-run pulumi up", async () => {
      project.edit({ activeColor: "blue" });
      await expectNothingLost(project, () => project.pulumi([...pulumiUp, "--stack", "dev"]));
      expect(await project.ask()).toMatchObject({ body: "blue 1" });
      expect(await project.record()).toMatchObject({ activeColor: "blue", declared: "blue" });
    });

    it("rolls back", async () => {
      await expectNothingLost(project, () => project.run(["rollback", "--reason", "carts vanish"]));
      expect(await project.ask()).toMatchObject({ body: "green 2" });
    });

    it("rolls back past a held lock, and the next update takes it over", async () => {
      expectExit(await project.run(["switch", "blue", "--no-bake"]), 0);
      const lock = holdLock(project);
      onTestFinished(lock.free);
      await expectNothingLost(project, () =>
        project.run(["rollback", "--direct", "--reason", "slow"]),
      );
      expect(await project.ask()).toMatchObject({ body: "green 2" });
      expect((await routerReading(project)).mark).toMatchObject({ reason: "slow" });
      lock.free();
      const up = await expectNothingLost(project, () =>
        project.pulumi([...pulumiUp, "--stack", "dev"]),
      );
      expect(up.output).toMatch(/rolled back at .*: slow/);
      expect(await project.ask()).toMatchObject({ body: "green 2" });
    });

    it("rolls back without an engine", async () => {
      expectExit(await project.run(["switch", "blue", "--no-bake"]), 0);
      await expectNothingLost(project, () => project.run(["rollback", "--direct"], noEngine));
      expect(await project.ask()).toMatchObject({ body: "green 2" });
      expectExit(await project.run(["up"]), 0);
      expect(await project.record()).toMatchObject({ activeColor: "green" });
    });

    it("tells by status and doctor what is true", async () => {
      const status = await project.run(["status"]);
      expectExit(status, 0);
      expect(status.stdout).toMatch(/green\s+active\s+2\s.*1\/1 ready\s+100 %/);
      const doctor = await project.run(["doctor"]);
      expect(doctor.stdout).toMatch(/nginx on this machine at .* follows generation/);
      expect(doctor.stdout).toContain("no problem was found");
    });

    it("comes back after a power cut", async () => {
      await endProcesses([...routerPids(project), ...project.processes().map(({ pid }) => pid)]);
      await expect(project.ask()).rejects.toThrow();
      expectExit(await project.run(["up"]), 0);
      expect(await project.ask()).toMatchObject({ body: "green 2" });
    });

    it("names a port that somebody else has, with its setting", async () => {
      const taken = settingsOf(project).proxy;
      expect(taken.colors.kind).toBe("process");
      expectExit(await project.run(["retire", "--now"]), 0);
      const port = taken.colors.kind === "process" ? taken.colors.ports.blue : 0;
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      const run = await project.run(["deploy", "--version", "3"]);
      expectError(run, { exit: 2, code: "PORT_IN_USE", says: /proxy\.colors\.ports\.blue/ });
      expect(await project.ask()).toMatchObject({ body: "green 2" });
      await new Promise((resolve) => server.close(resolve));
    });

    it("fills a color anew after it was retired, without a lost request", async () => {
      await expectNothingLost(project, () => project.run(["deploy", "--version", "3"]));
      expect(await project.ask()).toMatchObject({ body: "blue 3" });
    });

    it("goes only when that is said, and leaves nothing behind", async () => {
      expectExit(await project.run(["down", "--yes"]), 3);
      expectExit(await project.run(["down", "--stop-serving", "--yes"]), 0);
      expect(project.processes()).toEqual([]);
      await expect(project.ask()).rejects.toThrow();
      expect((await routerReading(project)).weights).toBeNull();
    });
  });
});
