/** Real nginx and HAProxy, and instances behind them, for the proxy platform's tests. */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingHttpHeaders, RequestListener, Server } from "node:http";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { afterEach, expect } from "vitest";
import type { Color, PerColor, Weights } from "../../../infra/model.ts";
import { weightsOf } from "../../../infra/model.ts";
import type { Routes } from "../../../infra/platform.ts";
import type { Host } from "../../../infra/platforms/proxy/host.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import type { DialectName, RouterSpec } from "../../../infra/platforms/proxy/spec.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import { requireAll } from "../../support/project/engine.ts";
import { makeSmallDisk } from "../../support/project/small-disk.ts";
import type { SmallDisk } from "../../support/project/small-disk.ts";
import { describeWith, findProgram, workersAccount } from "../../support/programs.ts";

export { describeWith, findProgram } from "../../support/programs.ts";

const cleanups: (() => unknown)[] = [];

/** Runs after the present test, last registered first, whatever its outcome. */
export function onEnd(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

afterEach(async () => {
  while (cleanups.length > 0) await cleanups.pop()?.();
});

export const dialectNames: readonly DialectName[] = ["nginx", "haproxy"];

/** The tests for each dialect whose server is there. */
export function describeDialects(name: string, tests: (dialect: DialectName) => void): void {
  for (const dialect of dialectNames) {
    describeWith([dialect], `${dialect}: ${name}`, () => {
      tests(dialect);
    });
  }
}

/** Also the workers' account may enter it. */
export function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bg-"));
  chmodSync(folder, 0o755);
  onEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** For the test's time; it is skipped where this machine can't have one, unless all is demanded. */
export function smallDisk({ skip }: Pick<TestContext, "skip">): {
  readonly disk: SmallDisk;
  readonly mount: string;
} {
  const mount = join(openFolder(), "disk");
  const disk = makeSmallDisk(mount);
  if (typeof disk === "string") {
    expect(requireAll, disk).toBe(false);
    return skip(disk);
  }
  onEnd(disk.remove);
  return { disk, mount };
}

export async function specOf(
  dialect: DialectName,
  change: Partial<RouterSpec> = {},
): Promise<RouterSpec> {
  return {
    dialect,
    mode: "managed",
    name: "shop",
    host: "127.0.0.1",
    port: await freePort(),
    dir: change.dir ?? join(openFolder(), "router"),
    program: findProgram(dialect) ?? dialect,
    user: dialect === "haproxy" ? workersAccount() : null,
    upstream: "shop",
    check: null,
    reload: ["true"],
    socket: null,
    cookie: null,
    timeoutMs: 10_000,
    idleMs: 1_000,
    drainMs: 1_000,
    reserved: { blue: [], green: [] },
    ...change,
  };
}

export interface Started {
  readonly router: ProxyRouter;
  readonly spec: RouterSpec;
  readonly port: number;
}

/** A managed router that serves; it is stopped after the test. */
export async function startedRouter(
  dialect: DialectName,
  change: Partial<RouterSpec> = {},
  host: Host = thisMachine,
): Promise<Started> {
  const spec = await specOf(dialect, change);
  const router = new ProxyRouter(spec, host);
  onEnd(() => {
    endServer(spec);
  });
  await router.start();
  return { router, spec, port: spec.port };
}

/** At once, by its process id. */
export function endServer(spec: RouterSpec): void {
  for (const pid of [masterPid(spec), ...workerPids(spec)]) {
    if (pid !== null) kill(pid, "SIGKILL");
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Never 0, which would be the group of the test itself: the file is empty for a moment. */
export function masterPid(spec: RouterSpec): number | null {
  try {
    return Number(readFileSync(filesOf(spec).pid, "utf8").trim()) || null;
  } catch {
    return null;
  }
}

export function workerPids(spec: RouterSpec): readonly number[] {
  const master = masterPid(spec);
  const table = execFileSync("ps", ["-e", "-o", "pid=,ppid="], { encoding: "utf8" });
  return table.split("\n").flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return pid !== undefined && parent === master ? [pid] : [];
  });
}

export async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listenOn(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listenOn(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

export interface TestInstance {
  readonly address: string;
  readonly server: Server;
  readonly answered: () => number;
  readonly stop: () => Promise<void>;
}

/** Answers with its name, and with the body of a POST. */
export async function startInstance(name: string, own?: RequestListener): Promise<TestInstance> {
  let answered = 0;
  const server = createServer((req, res) => {
    answered += 1;
    if (own) own(req, res);
    else
      req
        .setEncoding("utf8")
        .on("data", () => undefined)
        .on("end", () => res.end(name));
  });
  const port = await listenOn(server);
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onEnd(stop);
  return { address: `127.0.0.1:${port}`, server, answered: () => answered, stop };
}

export async function startColors(): Promise<PerColor<TestInstance>> {
  return { blue: await startInstance("blue"), green: await startInstance("green") };
}

let generation = 0;

export function routesTo(
  active: Color | null | Weights,
  attached: Partial<Routes["attached"]>,
  change: Partial<Routes> = {},
): Routes {
  generation += 1;
  return {
    weights: active === null || typeof active === "string" ? weightsOf(active) : active,
    attached: { blue: [], green: [], ...attached },
    generation,
    rolloutId: `r${generation}`,
    mark: null,
    former: null,
    ...change,
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly agent?: Agent;
}

/** One request; rejects when the reply isn't whole. */
export function call(port: number, options: Call = {}): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const { method = "GET", path = "/", headers = {}, body, agent } = options;
  const own = { host: "127.0.0.1", port, method, path, headers: { ...headers } };
  const req = request({ ...own, agent: agent ?? false, timeout: 10_000 }, (res) => {
    let text = "";
    res.setEncoding("utf8");
    res.on("data", (chunk: string) => (text += chunk));
    res.on("error", reject);
    res.on("end", () => {
      resolve({ status: res.statusCode ?? 0, headers: res.headers, text });
    });
  });
  req.on("timeout", () => req.destroy(new Error("no reply within 10 s")));
  req.on("error", reject);
  req.end(body);
  return promise;
}

export function keepAlive(maxSockets: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets });
  onEnd(() => {
    agent.destroy();
  });
  return agent;
}
