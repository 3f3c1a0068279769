/** Real servers, routers and clients for the router's tests; each test's own, ended after it. */

import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, Server } from "node:http";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterEach } from "vitest";

import type { Color } from "../../../infra/model.ts";
import { weightsOf } from "../../../infra/model.ts";
import { readIdentity } from "../../../infra/platforms/local/router/admin-client.ts";
import { stopRouter } from "../../../infra/platforms/local/router/client.ts";
import type {
  RouterRoutes,
  RouterSpec,
  RouterStatus,
} from "../../../infra/platforms/local/router/protocol.ts";
import { Router } from "../../../infra/platforms/local/router/router.ts";
import type { UpstreamLimits } from "../../../infra/platforms/local/router/upstream.ts";
import { isAlive } from "../../../infra/process-identity.ts";

const cleanups: (() => unknown)[] = [];

/** Runs after the present test, last registered first, whatever its outcome. */
export function onEnd(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

afterEach(async () => {
  while (cleanups.length > 0) await cleanups.pop()?.();
});

export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "bg-router-"));
  onEnd(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

/** A folder for a router's process, which is ended when the test ends. */
export function processDir(): string {
  const dir = join(tempDir(), "router");
  onEnd(async () => {
    const identity = readIdentity(dir);
    if (identity === null) return;
    if (isAlive(identity)) process.kill(identity.pid, "SIGCONT");
    await stopRouter(dir);
  });
  return dir;
}

export interface TestInstance {
  readonly address: string;
  readonly port: number;
  readonly server: Server;
  /** Connections that were made to it. */
  readonly connections: () => number;
  readonly stop: () => Promise<void>;
}

/** A real HTTP server as an instance; by default it answers its name and the method. */
export async function startInstance(
  name: string,
  listener: RequestListener = (req, res) => {
    req.resume().on("end", () => res.end(`${name} ${req.method ?? ""}`));
  },
): Promise<TestInstance> {
  const server = createServer(listener);
  let connections = 0;
  server.on("connection", () => (connections += 1));
  const port = await listenOn(server);
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onEnd(stop);
  return { address: `127.0.0.1:${port}`, port, server, connections: () => connections, stop };
}

/** An instance below HTTP: each connection is the test's own affair. */
export async function startRawInstance(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    onConnection(socket);
  });
  const port = await listenOn(server);
  onEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${port}`;
}

/** A port on which nobody listens now. */
export async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listenOn(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listenOn(server: ReturnType<typeof createTcpServer> | Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

export function specOf(dir: string, change: Partial<RouterSpec> = {}): RouterSpec {
  const spec = {
    dir,
    host: "127.0.0.1",
    port: 0,
    tls: null,
    drainMs: 1000,
    accessLog: false,
    pauseMs: 0,
    sticky: false,
  };
  return { ...spec, ...change };
}

export function routesTo(
  active: Color | null,
  attached: Partial<RouterRoutes["attached"]>,
  change: Partial<RouterRoutes> = {},
): Omit<RouterRoutes, "schema"> {
  return {
    weights: weightsOf(active),
    generation: 1,
    rolloutId: "r1",
    attached: { blue: [], green: [], ...attached },
    mark: null,
    former: null,
    ...change,
  };
}

/** A router inside the test's own process. */
export async function startHere(
  change: Partial<RouterSpec> = {},
  limits: Partial<UpstreamLimits> = {},
): Promise<{ router: Router; port: number }> {
  const router = new Router(specOf(change.dir ?? tempDir(), change), limits);
  await router.restore();
  await router.listen();
  onEnd(async () => {
    const quick = { drainMs: 0, accessLog: false, pauseMs: 0, sticky: false };
    await router.setSettings(quick).catch((error: unknown) => error);
    await (
      await router.stop()
    ).finished;
  });
  return { router, port: router.status().listen.port };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly trailers: IncomingMessage["trailers"];
}

export interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
}

/** One request; rejects when the reply isn't whole. */
export function call(port: number, options: Call = {}): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const { method = "GET", path = "/", headers = {}, body, agent } = options;
  const req = request(
    { host: "127.0.0.1", port, method, path, headers, agent: agent ?? false },
    (res) => {
      let text = "";
      res.setEncoding("utf8");
      res.on("data", (chunk: string) => (text += chunk));
      res.on("error", reject);
      res.on("end", () => {
        const { statusCode = 0, trailers } = res;
        resolve({ status: statusCode, headers: res.headers, text, trailers });
      });
    },
  );
  req.on("error", reject);
  req.end(body);
  return promise;
}

export function preview(color: Color): Call {
  return { headers: { "x-bluegreen-preview": color } };
}

/** Connections that are kept open between requests. */
export function keepAlive(maxSockets: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets });
  onEnd(() => {
    agent.destroy();
  });
  return agent;
}

export interface RawClient {
  readonly socket: Socket;
  readonly received: () => string;
  readonly isClosed: () => boolean;
}

/** Bytes as they are, for what no well-behaved client would send. */
export function rawClient(port: number, bytes: string | Buffer): RawClient {
  let text = "";
  let closed = false;
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => (text += chunk));
  socket.on("error", () => (closed = true));
  socket.on("close", () => (closed = true));
  onEnd(() => socket.destroy());
  return { socket, received: () => text, isClosed: () => closed };
}

/** Polls until the condition holds; fails after the deadline with what was waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 5000,
): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await sleep(5);
  }
}

export async function refusesConnections(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const refused = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => {
      resolve(false);
    });
    socket.once("error", () => {
      resolve(true);
    });
  });
  socket.destroy();
  return refused;
}

export function openOf(status: RouterStatus, color: Color): number {
  return status.colors[color].live.open;
}
