/** Two Python servers per color behind HAProxy, from the first release to the end, under a load. */

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import type { Color } from "../../infra/model.ts";
import { serverModes } from "../../infra/platforms/proxy/haproxy/servers.ts";
import { thisMachine } from "../../infra/platforms/proxy/hosts/this-machine.ts";
import type { Run } from "../support/project/command.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit, expectNothingLost } from "../support/project/expectations.ts";
import { holdLock } from "../support/project/held-lock.ts";
import { endProcesses } from "../support/project/processes.ts";
import { pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { routerPids, routerReading, useProxy } from "../support/project/proxy.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { makeServersProject } from "../support/project/servers-project.ts";
import type { ServersProject } from "../support/project/servers-project.ts";
import type { TestServers } from "../support/project/servers.ts";
import { describeWith, findProgram } from "../support/programs.ts";

const noEngine = { env: { BLUEGREEN_ENGINE: "/nowhere/pulumi" } };

describeWith(["haproxy", "python3"], "a managed HAProxy before two servers per color", () => {
  describeOnEngine("from the first release to the end", () => {
    let made: ServersProject;
    let project: Project;
    let servers: TestServers;

    beforeAll(async () => {
      made = await makeServersProject();
      ({ project, servers } = made);
      useProxy(project, {
        dialect: "haproxy",
        program: findProgram("haproxy") ?? "haproxy",
        colors: servers.colors({ removes: true }),
      });
    });

    removeAfterAll(() => made);

    async function modes(color: Color): Promise<string> {
      const place = { name: "app", socket: join(project.root, "router", "admin.sock") };
      return (await serverModes(thisMachine, place, color)).map(({ mode }) => mode).join(" ");
    }

    /** How HAProxy had a color's two servers meanwhile, each change once. */
    async function modesDuring(color: Color, work: () => Promise<Run>): Promise<readonly string[]> {
      const seen: string[] = [];
      const state = { isOver: false };
      const watching = (async () => {
        while (!state.isOver) {
          const now = await modes(color);
          if (seen.at(-1) !== now) seen.push(now);
          await sleep(10);
        }
      })();
      await work().finally(() => {
        state.isOver = true;
      });
      await watching;
      return seen;
    }

    it("serves a first release", async () => {
      expectExit(await project.run(["deploy", "--version", "1"]), 0);
      expect(await project.ask()).toEqual({ status: 200, color: "blue", body: "blue 1" });
    });

    it("fills the other color host by host, each drained until it is healthy", async () => {
      const seen = await modesDuring("green", () =>
        expectNothingLost(project, () => project.run(["deploy", "--version", "2"])),
      );
      const changes = seen.filter((each) => each !== "ready ready");
      expect(changes).toEqual(["drain ready", "ready drain"]);
      expect(seen.at(-1)).toBe("ready ready");
      expect(await project.ask()).toMatchObject({ color: "green", body: "green 2" });
      expect(await project.record()).toMatchObject({ activeColor: "green", generation: 2 });
    });

    it("rolls back", async () => {
      await expectNothingLost(project, () => project.run(["rollback", "--reason", "carts vanish"]));
      expect(await project.ask()).toMatchObject({ body: "blue 1" });
    });

    it("rolls back past a held lock, and the next update takes it over", async () => {
      expectExit(await project.run(["switch", "green", "--no-bake"]), 0);
      const lock = holdLock(project, project.stack, made.backend);
      onTestFinished(lock.free);
      await expectNothingLost(project, () =>
        project.run(["rollback", "--direct", "--reason", "slow"]),
      );
      expect(await project.ask()).toMatchObject({ body: "blue 1" });
      expect((await routerReading(project)).mark).toMatchObject({ reason: "slow" });
      lock.free();
      const up = await expectNothingLost(project, () =>
        project.pulumi([...pulumiUp, "--stack", "dev"]),
      );
      expect(up.output).toMatch(/rolled back at .*: slow/);
      expect(await project.ask()).toMatchObject({ body: "blue 1" });
    });

    it("rolls back without an engine", async () => {
      expectExit(await project.run(["switch", "green", "--no-bake"]), 0);
      await expectNothingLost(project, () => project.run(["rollback", "--direct"], noEngine));
      expect(await project.ask()).toMatchObject({ body: "blue 1" });
    });

    it("comes back with the same color when HAProxy was killed", async () => {
      await endProcesses(routerPids(project));
      await expect(project.ask()).rejects.toThrow();
      expectExit(await project.run(["up"]), 0);
      expect(await project.ask()).toMatchObject({ body: "blue 1" });
      expect(await project.record()).toMatchObject({ activeColor: "blue" });
    });

    it("has a server that failed out of rotation until it is mended, without a lost request", async () => {
      await servers.endOne("blue", 1);
      servers.fail("blue", 1);
      expectError(await project.run(["up"]), { exit: 3, code: "PROVISION_FAILED" });
      expect(await modes("blue")).toBe("ready drain");
      const status = await project.run(["status"]);
      expect(status.stdout).toMatch(/blue\s+active\s+1\s.*1\/2 ready/);
      servers.mend();
      await expectNothingLost(project, () => project.run(["up"]));
      expect(await modes("blue")).toBe("ready ready");
      const doctor = await project.run(["doctor"]);
      expect(doctor.stdout).toMatch(/haproxy on this machine at .* follows generation/);
      expect(doctor.stdout).toContain("no problem was found");
    });

    it("goes only when that is said, and takes the releases off their servers", async () => {
      expectExit(await project.run(["down", "--yes"]), 3);
      expectExit(await project.run(["down", "--stop-serving", "--yes"]), 0);
      expect([...servers.running("blue"), ...servers.running("green")]).toEqual([]);
      expect(routerPids(project)).toEqual([]);
      await expect(project.ask()).rejects.toThrow();
    });
  });
});
