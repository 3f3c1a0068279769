/** An nginx that serves already, with one upstream of its own, hands its requests over. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { anyPort, freePort } from "../../infra/platforms/local/supervisor/ports.ts";
import { freePorts } from "../contract/proxy/bed.ts";
import { startApp } from "../support/project/app-process.ts";
import { appFile } from "../support/project/app.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { endProcesses } from "../support/project/processes.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { routerReading, useProxy } from "../support/project/proxy.ts";
import { describeWith, findProgram, serverPids } from "../support/programs.ts";
import { underSteadyLoad } from "../support/steady-load.ts";
import { eventually } from "../support/project/waiting.ts";

describeWith(["nginx"], "an nginx that serves already", () => {
  describeOnEngine("with one upstream of its own", () => {
    let project: Project;
    let theirs: string;
    let publicPort: number;
    let livePort: number;

    beforeAll(async () => {
      project = await makeProject();
      [publicPort, livePort] = [await freeOne(), await freeOne()];
      theirs = join(project.root, "theirs");
      const program = findProgram("nginx") ?? "nginx";
      const argv = [program, "-c", join(theirs, "nginx.conf"), "-p", theirs];
      const [blue, green] = [await freePorts(), await freePorts()];
      const colors = [
        `command: ["node", "${appFile}", "--of=${project.root}"]`,
        `cwd: app, env: { FAULTS: "${join(project.root, "faults")}" }, instances: 1, start: 5s`,
        `ports: { blue: ${blue}, green: ${green} }`,
      ];
      useProxy(project, {
        mode: "adopted",
        upstream: "shop",
        url: `"http://127.0.0.1:${publicPort}"`,
        check: JSON.stringify([...argv, "-t", "-q"]),
        reload: JSON.stringify([...argv, "-s", "reload"]),
        colors: `{ kind: process, ${colors.join(", ")} }`,
      });
      // The application as it runs before anything of ours.
      await startApp(project, { color: "live", version: "0", port: livePort });
      configure(`upstream shop { server 127.0.0.1:${livePort}; }`);
      execFileSync(program, argv.slice(1));
      expect(await askPublic()).toBe("live 0");
    });

    afterAll(async () => {
      // Guarded: when beforeAll failed there is nothing to remove.
      if ((project as Project | undefined) === undefined) return;
      const pid = join(theirs, "pid");
      if (existsSync(pid)) await endProcesses(serverPids(Number(readFileSync(pid, "utf8"))));
      await project.remove();
    });

    function configure(upstream: string): void {
      mkdirSync(theirs, { recursive: true });
      const text = `pid ${theirs}/pid;
        error_log ${theirs}/error.log;
        events { }
        http {
          access_log off;
          ${upstream}
          server {
            listen 127.0.0.1:${publicPort};
            location / { proxy_pass http://shop; proxy_set_header Host $host; add_header x-theirs 1; }
          }
        }`;
      writeFileSync(join(theirs, "nginx.conf"), text);
    }

    async function askPublic(): Promise<string> {
      return await (await fetch(`http://127.0.0.1:${publicPort}/`)).text();
    }

    const load = () => ({
      url: `http://127.0.0.1:${publicPort}/`,
      ratePerSecond: 50,
      // A reload of nginx closes connections that clients keep.
      connections: "fresh" as const,
    });

    it("serves on while its file is laid out, and doctor tells what to add", async () => {
      const up = await project.run(["up"]);
      expectExit(up, 0);
      expect(up.stdout + up.stderr).toMatch(
        /nginx doesn't hand its requests over yet; `bluegreen doctor` prints the steps/,
      );
      expect(await askPublic()).toBe("live 0");
      const doctor = await project.run(["doctor"]);
      const file = join(project.root, "router", "bluegreen.conf");
      expect(doctor.stdout).toContain(`doesn't hand its requests over yet`);
      expect(doctor.stdout).toContain(`its configuration doesn't include ${file}`);
      expect(doctor.stdout).toContain(`include ${file};`);
    });

    it("serves on when a release is ready but its file isn't included", async () => {
      const run = await project.run(["deploy", "--version", "1"]);
      expectError(run, { exit: 5, code: "ROUTER_DOWN", says: /nginx isn't adopted yet/ });
      expect(run.stderr).toMatch(/include .*bluegreen\.conf/);
      expect(await askPublic()).toBe("live 0");
    });

    it("is handed over by the first switch without a lost request", async () => {
      configure(`include ${join(project.root, "router", "bluegreen.conf")};`);
      const { result, count } = await underSteadyLoad(load(), () =>
        project.run(["deploy", "--version", "1"]),
      );
      expectExit(result, 0);
      expect(count.failures).toEqual([]);
      expect([...count.bodies.keys()].sort()).toEqual(["blue 1", "live 0"]);
      expect(await routerReading(project)).toMatchObject({
        weights: { blue: 100, green: 0 },
        problems: [],
      });
      const doctor = await project.run(["doctor"]);
      expect(doctor.stdout).toMatch(/your nginx includes .* and hands its requests over/);
    });

    it("follows the next releases without a reload", async () => {
      const before = serverPids(Number(readFileSync(join(theirs, "pid"), "utf8")));
      const { result, count } = await underSteadyLoad({ ...load(), connections: "both" }, () =>
        project.run(["deploy", "--version", "2"]),
      );
      expectExit(result, 0);
      expect(count.failures).toEqual([]);
      expect(await askPublic()).toBe("green 2");
      expect(serverPids(Number(readFileSync(join(theirs, "pid"), "utf8")))).toEqual(before);
    });

    it("stays when the environment goes", async () => {
      expectExit(await project.run(["down", "--stop-serving", "--yes"]), 0);
      const reply = await fetch(`http://127.0.0.1:${publicPort}/`);
      expect(reply.status).toBe(503);
      expect(reply.headers.get("x-theirs")).toBeNull();
      configure(`upstream shop { server 127.0.0.1:${livePort}; }`);
      const program = findProgram("nginx") ?? "nginx";
      execFileSync(program, ["-c", join(theirs, "nginx.conf"), "-p", theirs, "-s", "reload"]);
      await eventually("it serves as before", async () =>
        (await askPublic()) === "live 0" ? true : null,
      );
    });
  });
});

async function freeOne(): Promise<number> {
  return await freePort("127.0.0.1", anyPort(new Set()), new Set());
}
