/** A way back that isn't kept waiting: by a backend or an engine that hangs, or by growing. */

import { chmodSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { untilSeen, whenSaid } from "../support/kill/killing.ts";
import { describeOnEngine, neededEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

/** The limit of a rollback's engine, with what a busy machine needs beside it. */
const soonMs = 30_000;

describeOnEngine("a rollback doesn't wait for", () => {
  let project: Project;
  let silent: SilentServer;

  beforeAll(async () => {
    silent = await SilentServer.start();
    project = await makeProject({ settings: { checks: "[]" } });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
  });

  afterAll(() => {
    silent.stop();
  });

  removeAfterAll(() => project);

  it.each([
    ["a backend that accepts and never answers", ["rollback"], () => silent.backend()],
    ["an engine that hangs", ["rollback"], () => ({ BLUEGREEN_ENGINE: hangingEngine(project) })],
    ["that backend, past the engine", ["rollback", "--direct"], () => silent.backend()],
  ] as const)("%s", async (_name, args, env) => {
    const started = Date.now();
    const run = await project.run(args, { env: env(), limitMs: 60_000 });
    expectExit(run, 0);
    expect(Date.now() - started).toBeLessThan(soonMs);
    expect(run.stderr).toMatch(/weren't ready within [35]000 ms/);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expectExit(await project.run(["up"]), 0);
    expectExit(await project.run(["switch", "green", "--no-bake"]), 0);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
  });
});

describeOnEngine("a rollback to a smaller color whose release doesn't start any more", () => {
  it.each([
    ["fails", { crash: true }],
    ["takes long", { startMs: 60_000 }],
  ] as const)("is back on what is ready before its growth %s", async (_name, fault) => {
    const project = await makeProject({ settings: { checks: "[]" } });
    onTestFinished(() => project.remove());
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    const settings = project.settings().replace("instances: 1", "instances: 2");
    writeFileSync(project.settingsFile, settings.replace("start: 5s", "start: 60s"));
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
    project.fault("1", fault);
    const started = Date.now();
    const run = await project.run(["rollback"]);
    expectExit(run, 0);
    expect(Date.now() - started).toBeLessThan(soonMs);
    expect(run.stderr).toMatch(
      / back {2}traffic is on blue[^]*not on all instances \(PROVISION_FAILED/,
    );
    expect(run.stderr).toMatch(/probe {2}\d+ sent, 0 failed/);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expect(await project.record()).toMatchObject({ activeColor: "blue" });
  });
});

describeOnEngine("a release that fails its bake, on an engine that is slow by then", () => {
  it("loses its traffic past the engine, and the record follows", async () => {
    const project = await makeProject({
      settings: { checks: "[]", bake: "{ duration: 8s, interval: 500ms }" },
    });
    onTestFinished(() => project.remove());
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    const engine = { BLUEGREEN_ENGINE: slowWayBack(project) };
    const running = project.start(["deploy", "--version", "2"], { env: engine });
    await untilSeen(project, running, whenSaid(/done {2}switch/));
    project.fault("2", { status: 500 });
    const run = await running.done;
    expectExit(run, 4);
    expect(run.stderr).toMatch(/weren't ready within 5000 ms\), going direct/);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expect(await project.record()).toMatchObject({
      ...{ activeColor: "blue", rollout: null },
      pins: [expect.objectContaining({ version: "2" })],
    });
    expectExit(await project.run(["deploy", "--version", "3"]), 0);
  });
});

/** The real engine, which takes 12 s longer for a rollout's own way back. */
function slowWayBack(project: Project): string {
  const file = join(project.root, "pulumi");
  const { pulumi } = neededEngine();
  const wait = 'case "$*" in *"roll back: "*) sleep 12 ;; esac';
  writeFileSync(file, `#!/bin/sh\n${wait}\nexec '${pulumi}' "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Stands in for the CLI: it starts, and nothing comes of it. */
function hangingEngine(project: Project): string {
  const file = join(project.root, "pulumi");
  writeFileSync(file, "#!/bin/sh\nexec sleep 120\n");
  chmodSync(file, 0o755);
  return file;
}

/** Accepts connections on loopback and never says a word. */
class SilentServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
    });
  }

  static async start(): Promise<SilentServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new SilentServer(server);
  }

  backend(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo;
    return { PULUMI_BACKEND_URL: `http://127.0.0.1:${port}`, PULUMI_ACCESS_TOKEN: "none" };
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
