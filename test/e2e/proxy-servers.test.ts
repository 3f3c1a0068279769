/** Two Python servers per color behind nginx, each filled by a script of the user's own. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePorts } from "../contract/proxy/bed.ts";
import type { Run } from "../support/project/command.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { endProcesses } from "../support/project/processes.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeWithRouter, routerReading, useProxy } from "../support/project/proxy.ts";
import { describeWith } from "../support/programs.ts";
import { underSteadyLoad } from "../support/steady-load.ts";

const app = `import json, signal, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
host, port, version, color = sys.argv[1:5]
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        text = f"{color} {version}"
        if self.path == "/version": text = json.dumps({"version": version})
        body = text.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_GET = answer
    do_POST = answer
    def log_message(self, *args): pass
class Server(ThreadingHTTPServer):
    request_queue_size = 100
Server((host, int(port)), Handler).serve_forever()
`;

/** HOST PORT VERSION COLOR: what a deploy script of a machine does, on this one. */
const install = `#!/bin/sh
set -eu
echo "$*" >> installed
if [ -f "mend-me" ] && [ "$2" = "$(cat mend-me)" ]; then
  echo "unpacking $3"; echo "disk is full" >&2; exit 9
fi
if [ -f "pid.$2" ]; then
  kill "$(cat "pid.$2")" 2>/dev/null || true
fi
python3 "$PWD/app.py" "$1" "$2" "$3" "$4" > "log.$2" 2>&1 &
echo $! > "pid.$2"
`;

describeWith(["nginx", "python3"], "two servers per color behind nginx", () => {
  describeOnEngine("filled by a script", () => {
    let project: Project;
    let backend: string;
    let ports: { readonly blue: number; readonly green: number };

    beforeAll(async () => {
      // Servers are nobody's alone, so the state is where a team chose to have it.
      backend = mkdtempSync(join(tmpdir(), "bluegreen-backend-"));
      const env = { PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_CONFIG_PASSPHRASE: "test" };
      project = await makeProject({ env });
      ports = { blue: await freePorts(2), green: await freePorts(2) };
      writeFileSync(join(project.folder, "app.py"), app);
      writeFileSync(join(project.folder, "install.sh"), install, { mode: 0o755 });
      const list = (first: number): string => `["127.0.0.1:${first}", "127.0.0.1:${first + 1}"]`;
      const command = `["./install.sh", "{host}", "{port}", "{version}", "{color}"]`;
      const colors = [
        ...["kind: servers", `blue: ${list(ports.blue)}`, `green: ${list(ports.green)}`],
        ...[`install: ${command}`, "start: 10s"],
      ];
      useProxy(project, { colors: `{ ${colors.join(", ")} }` });
    });

    afterAll(async () => {
      // Guarded: when beforeAll failed there is nothing to remove.
      if ((project as Project | undefined) === undefined) return;
      const pids = [0, 1].flatMap((index) => [
        pidOf(ports.blue + index),
        pidOf(ports.green + index),
      ]);
      await endProcesses(pids.filter((pid) => pid > 0));
      await removeWithRouter(project);
      rmSync(backend, { recursive: true, force: true });
    });

    function pidOf(port: number): number {
      const file = join(project.folder, `pid.${port}`);
      return existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
    }

    /** Each run of the script since the last look. */
    function installed(): readonly string[] {
      const file = join(project.folder, "installed");
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, "utf8").trim().split("\n");
      rmSync(file);
      return lines;
    }

    const runOf = (port: number, version: string, color: string): string =>
      `127.0.0.1 ${port} ${version} ${color}`;

    async function expectNothingLost(work: () => Promise<Run>): Promise<Run> {
      const load = { url: `${project.url}/`, ratePerSecond: 50 };
      const { result, count } = await underSteadyLoad(load, work);
      expectExit(result, 0);
      expect(count.failures, result.output).toEqual([]);
      expect(count.sent).toBeGreaterThan(5);
      return result;
    }

    it("serve a first release on both, one after the other", async () => {
      expectExit(await project.run(["deploy", "--version", "1"]), 0);
      expect(installed()).toEqual([
        runOf(ports.blue, "1", "blue"),
        runOf(ports.blue + 1, "1", "blue"),
      ]);
      expect(await project.ask()).toEqual({ status: 200, color: "blue", body: "blue 1" });
      expect((await routerReading(project)).attached.blue).toHaveLength(2);
    });

    it("take a second one on the other color's servers, without a lost request", async () => {
      await expectNothingLost(() => project.run(["deploy", "--version", "2"]));
      expect(installed()).toEqual([
        runOf(ports.green, "2", "green"),
        runOf(ports.green + 1, "2", "green"),
      ]);
      expect(await project.ask()).toMatchObject({ body: "green 2" });
    });

    it("go back by a flip that installs nothing", async () => {
      await expectNothingLost(() => project.run(["rollback"]));
      expect(await project.ask()).toMatchObject({ body: "blue 1" });
      await expectNothingLost(() => project.run(["switch", "green", "--no-bake"]));
      expect(installed()).toEqual([]);
    });

    it("say why one of them can't be filled, and only that one is filled again", async () => {
      writeFileSync(join(project.folder, "mend-me"), String(ports.blue + 1));
      const run = await project.run(["deploy", "--version", "3"]);
      const says = new RegExp(
        `blue 3, 127\\.0\\.0\\.1:${ports.blue + 1}: install failed with exit`,
      );
      expectError(run, { exit: 3, code: "PROVISION_FAILED", says });
      expect(run.stderr).toMatch(/unpacking 3\n\s+disk is full/);
      expect(await project.ask()).toMatchObject({ body: "green 2" });
      installed();
      rmSync(join(project.folder, "mend-me"));
      await expectNothingLost(() => project.run(["deploy", "--version", "3"]));
      expect(installed()).toEqual([runOf(ports.blue + 1, "3", "blue")]);
      expect(await project.ask()).toMatchObject({ body: "blue 3" });
    });

    it("are brought back when they died, and nothing else is touched", async () => {
      const dead = ports.blue + 1;
      await endProcesses([pidOf(dead)]);
      const status = await project.run(["status"]);
      expect(status.stdout).toMatch(/blue\s+active\s+3\s.*1\/2 ready/);
      const doctor = await project.run(["doctor"]);
      expect(doctor.stdout).toMatch(/blue\s+1 of 2 servers are ready/);
      expectExit(await project.run(["up"]), 0);
      expect(installed()).toEqual([runOf(dead, "3", "blue")]);
      expect((await project.run(["status"])).stdout).toMatch(/blue\s+active\s+3\s.*2\/2 ready/);
    });

    it("go on with their release when the environment goes", async () => {
      const run = await project.run(["down", "--stop-serving", "--yes"]);
      expectExit(run, 0);
      expect(run.stderr).toMatch(/of blue go on: no bluegreen:proxy\.colors\.remove is set/);
      expect(installed()).toEqual([]);
      for (const port of [ports.blue, ports.blue + 1]) {
        const reply = await fetch(`http://127.0.0.1:${port}/`);
        expect(await reply.text()).toBe("blue 3");
      }
      await expect(project.ask()).rejects.toThrow();
    });
  });
});
