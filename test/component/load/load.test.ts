/** The load client against servers that misbehave by plan. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { startLoad } from "../../../automation/demo/load.ts";
import type { Load, LoadSpec } from "../../../automation/demo/load.ts";
import { FaultyServer } from "./faulty-server.ts";
import type { Misbehavior } from "./faulty-server.ts";

const cleanups: (() => unknown)[] = [];
const within = { timeout: 8_000, interval: 20 };

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function serve(behavior: Misbehavior = {}): Promise<{ server: FaultyServer; url: string }> {
  const server = new FaultyServer(behavior);
  const url = await server.start();
  cleanups.push(() => server.stop());
  return { server, url };
}

async function load(spec: LoadSpec): Promise<Load> {
  const started = await startLoad({ ratePerSecond: 500, webSockets: 0, ...spec });
  cleanups.push(() => {
    if (isAlive(started.pid)) process.kill(started.pid, "SIGKILL");
  });
  return started;
}

/** Runs until all requests ended. */
async function loadToEnd(spec: LoadSpec & { maxRequests: number }) {
  const running = await load(spec);
  const ended = async () => {
    const { ok, failed } = await running.count();
    return ok + failed;
  };
  await expect.poll(ended, within).toBe(spec.maxRequests);
  return running.stop();
}

/** False for a zombie too, that nobody has collected yet. */
function isAlive(pid: number): boolean {
  try {
    const state = execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
    return !state.trim().startsWith("Z");
  } catch (error) {
    if ((error as { status?: number }).status === 1) return false;
    throw error;
  }
}

test("counts each dropped connection and each 500 once, and never tries again", async () => {
  const { server, url } = await serve({
    instead: (n, request, response) => {
      if (n % 50 === 0) request.socket.destroy();
      else if (n % 30 === 0) response.writeHead(500).end("{}");
      else return false;
      return true;
    },
  });
  const count = await loadToEnd({ url, maxRequests: 300 });
  expect(count).toMatchObject({ sent: 300, ok: 286, failed: 14, inFlight: 0, unsent: 0 });
  expect(count.byStatus).toEqual({ 200: 286, 500: 8, none: 6 });
  expect(count.failures).toHaveLength(14);
  expect(server.seen).toBe(300);
});

test("sends orders as every fifth request, each with a key of its own", async () => {
  const { server, url } = await serve();
  const count = await loadToEnd({ url, maxRequests: 200 });
  const numbers = server.keys.map((key) => Number(key.split("-")[1])).sort((a, b) => a - b);
  expect(count.posts).toEqual({ sent: 40, ok: 40 });
  expect(numbers).toEqual(Array.from({ length: 40 }, (_, i) => 5 * i + 4));
  expect(count.orders).toMatchObject({ acknowledged: 40, once: 40, problem: null });
});

test("half of the requests come on fresh connections", async () => {
  const { server, url } = await serve();
  await loadToEnd({ url, maxRequests: 100, connections: 4 });
  expect(server.connections).toBeGreaterThanOrEqual(51);
});

test("a truncated body is a failure", async () => {
  const { url } = await serve({
    instead: (n, request, response) => {
      if (n % 10 !== 0) return false;
      response.writeHead(200, { "content-length": "100" });
      response.write("only this", () => request.socket.destroy());
      return true;
    },
  });
  const count = await loadToEnd({ url, maxRequests: 60 });
  expect(count).toMatchObject({ ok: 54, failed: 6, byStatus: { 200: 54, none: 6 } });
});

test("no answer within the timeout is a failure that says so", async () => {
  const { url } = await serve({ instead: (n) => n === 3 });
  const count = await loadToEnd({ url, maxRequests: 10, timeoutMs: 300 });
  expect(count).toMatchObject({ ok: 9, failed: 1 });
  expect(count.failures[0]?.reason).toBe("no full answer within 300 ms");
});

test("a server that ends connections after an answer, and says so, costs nothing", async () => {
  const { url } = await serve({
    headers: (n): Record<string, string> => (n % 3 === 0 ? { connection: "close" } : {}),
  });
  expect(await loadToEnd({ url, maxRequests: 300 })).toMatchObject({ ok: 300, failed: 0 });
});

test("a connection that was idle for long isn't used again", async () => {
  const { server, url } = await serve();
  await loadToEnd({ url, maxRequests: 3, ratePerSecond: 1 });
  // Three requests, and the check of no orders needs none.
  expect(server.connections).toBe(3);
});

test("counts answers by color and by version", async () => {
  const { url } = await serve({
    headers: (n) => ({ "x-bluegreen-color": n <= 70 ? "blue" : "green", "x-version": "7" }),
  });
  const count = await loadToEnd({ url, maxRequests: 100 });
  expect(count.byColor).toEqual({ blue: 70, green: 30 });
  expect(count.byVersion).toEqual({ 7: 100 });
});

test("a mark returns what happened since the one before", async () => {
  const { server, url } = await serve();
  const running = await load({ url, maxRequests: 100 });
  await expect.poll(() => server.seen, within).toBe(100);
  await expect.poll(async () => (await running.count()).inFlight, within).toBe(0);
  expect(await running.mark("all")).toMatchObject({ label: "all", sent: 100, ok: 100, failed: 0 });
  expect(await running.mark("rest")).toMatchObject({ label: "rest", sent: 0, ok: 0, failed: 0 });
  expect(await running.stop()).toMatchObject({ sent: 100, ok: 100 });
});

test("the load ends by itself after its time", async () => {
  const { url } = await serve();
  const running = await load({ url, maxMs: 300 });
  const isOver = async () => (await running.count()).elapsedMs;
  await expect.poll(isOver, within).toBeGreaterThanOrEqual(300);
  const before = await running.count();
  const after = await running.stop();
  expect(after.sent).toBe(before.sent);
  expect(after.sent).toBeLessThanOrEqual(150);
});

test("an acknowledged order that is missing or doubled is found", async () => {
  const { url } = await serve({
    check: ([missing, repeated, ...rest]) => ({
      once: rest.length,
      repeated: [repeated],
      missing: [missing],
    }),
  });
  const { orders } = await loadToEnd({ url, maxRequests: 50 });
  expect(orders).toMatchObject({ acknowledged: 10, once: 8, problem: null });
  expect(orders?.missing).toHaveLength(1);
  expect(orders?.repeated).toHaveLength(1);
});

test("each WebSocket gets its texts back", async () => {
  const { url } = await serve();
  const running = await load({ url, webSockets: 3, ratePerSecond: 10 });
  const echoed = async () => (await running.count()).sockets.echoed;
  await expect.poll(echoed, within).toBeGreaterThanOrEqual(9);
  const { sockets } = await running.stop();
  expect(sockets).toMatchObject({ opened: 3, refused: 0, closed: 0, broken: 0, lost: 0 });
  expect(sockets.echoed).toBe(sockets.sent);
});

test("a WebSocket that the server closes is opened again and isn't a loss", async () => {
  let closings = 0;
  const { url } = await serve({
    onText: (socket, text) => {
      socket.send(text);
      if (text.endsWith("-3") && closings++ === 0) socket.close(1001);
    },
  });
  const running = await load({ url, webSockets: 1, ratePerSecond: 10 });
  const opened = async () => (await running.count()).sockets.opened;
  await expect.poll(opened, within).toBe(2);
  const { sockets } = await running.stop();
  expect(sockets).toMatchObject({ opened: 2, closed: 1, broken: 0, lost: 0 });
});

test("a broken connection, a lost echo and a refused handshake are told apart", async () => {
  const silent = await serve({ onText: () => undefined });
  const breaking = await serve({
    onText: (socket) => {
      socket.terminate();
    },
  });
  const refusing = await serve({ webSockets: false });
  const spec = { webSockets: 1, ratePerSecond: 10, timeoutMs: 200 };
  const lost = await load({ url: silent.url, ...spec });
  const broken = await load({ url: breaking.url, ...spec });
  const refused = await load({ url: refusing.url, ...spec });
  const socketsOf = async (running: Load) => (await running.count()).sockets;
  await expect.poll(async () => (await socketsOf(lost)).lost, within).toBeGreaterThan(0);
  await expect.poll(async () => (await socketsOf(broken)).broken, within).toBeGreaterThan(0);
  await expect.poll(async () => (await socketsOf(refused)).refused, within).toBeGreaterThan(0);
  expect(await socketsOf(lost)).toMatchObject({ opened: 1, broken: 0, closed: 0, echoed: 0 });
  expect(await socketsOf(broken)).toMatchObject({ closed: 0, refused: 0, echoed: 0 });
  expect(await socketsOf(refused)).toMatchObject({ opened: 0, broken: 0, sent: 0 });
});

test("the load ends with the process that started it, however that one ended", async () => {
  const { server, url } = await serve();
  const file = new URL("./load-parent.ts", import.meta.url).pathname;
  const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];
  const parent = spawn(process.execPath, [file, url], { stdio });
  cleanups.push(() => parent.kill("SIGKILL"));
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  cleanups.push(() => {
    if (isAlive(pid)) process.kill(pid, "SIGKILL");
  });
  await expect.poll(() => server.seen, within).toBeGreaterThan(10);
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), within).toBe(false);
  await expect.poll(() => server.openConnections(), within).toBe(0);
});

test("a load process that died is an error, not a count", async () => {
  const { url } = await serve();
  const running = await load({ url });
  process.kill(running.pid, "SIGKILL");
  await expect.poll(() => isAlive(running.pid), within).toBe(false);
  await expect(running.count()).rejects.toThrow(/the load process has ended/);
  await expect(running.stop()).rejects.toThrow(/the load process has ended/);
});

test("a stopped load leaves no process and keeps its last count", async () => {
  const { url } = await serve();
  const running = await load({ url, maxRequests: 10 });
  const final = await running.stop();
  expect(isAlive(running.pid)).toBe(false);
  expect(await running.stop()).toBe(final);
  expect(await running.count()).toBe(final);
});

test("a load that can't be run names all of its problems", async () => {
  const bad = { url: "ftp://here", ratePerSecond: 0, connections: 1.5, webSockets: -1 };
  await expect(startLoad(bad)).rejects.toMatchObject({
    code: "USAGE",
    details: [
      expect.stringMatching(/^url/),
      expect.stringMatching(/^ratePerSecond/),
      expect.stringMatching(/^connections/),
      expect.stringMatching(/^webSockets/),
    ],
  });
});
