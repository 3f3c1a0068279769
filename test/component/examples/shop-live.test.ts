/** The shop's own WebSocket endpoint, asked by an independent client. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startLoad } from "../../../automation/demo/load.ts";
import type { Load, LoadSpec } from "../../../automation/demo/load.ts";
import { killExamples, startExample } from "./example-process.ts";
import type { ExampleProcess } from "./example-process.ts";

const cwd = new URL("../../../examples/shop/", import.meta.url).pathname;
const within = { timeout: 8_000, interval: 20 };
const peers: WebSocket[] = [];
const loads: Load[] = [];
let folder = "";
let shop: ExampleProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shop-live-"));
  shop = await start();
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.terminate();
  await Promise.all(loads.splice(0).map((load) => load.stop()));
  killExamples();
  await rm(folder, { recursive: true, force: true });
});

function start(port = "0"): Promise<ExampleProcess> {
  const env = { PORT: port, DATABASE: join(folder, "shop.db") };
  return startExample({ command: [process.execPath, "server.ts"], cwd, env });
}

/** Stopped after the test, if it isn't by then. */
async function startTracked(spec: LoadSpec): Promise<Load> {
  const load = await startLoad(spec);
  loads.push(load);
  return load;
}

async function connect(path = "/live"): Promise<WebSocket> {
  const peer = new WebSocket(new URL(path, shop.url), { handshakeTimeout: 5_000 });
  peers.push(peer);
  await once(peer, "open");
  return peer;
}

async function echoOf(peer: WebSocket, text: string): Promise<string> {
  const answer = once(peer, "message") as Promise<[Buffer]>;
  peer.send(text);
  return (await answer)[0].toString();
}

test.each([0, 1, 125, 126, 127, 65_535])("echoes a text of %i bytes", async (length) => {
  const text = "x".repeat(length);
  expect(await echoOf(await connect(), text)).toBe(text);
});

test("echoes texts in order, also those that arrive in one packet", async () => {
  const peer = await connect();
  const received: string[] = [];
  peer.on("message", (data: Buffer) => received.push(data.toString()));
  const texts = Array.from({ length: 200 }, (_, i) => `text ${i} äöü`);
  for (const text of texts) peer.send(text);
  await expect.poll(() => received.length, within).toBe(200);
  expect(received).toEqual(texts);
});

test("answers a ping with its payload", async () => {
  const peer = await connect();
  const pong = once(peer, "pong") as Promise<[Buffer]>;
  peer.ping("are you there");
  expect((await pong)[0].toString()).toBe("are you there");
});

test("answers a close with the same code", async () => {
  const peer = await connect();
  const closed = once(peer, "close") as Promise<[number]>;
  peer.close(4_000, "enough");
  expect((await closed)[0]).toBe(4_000);
});

test.each([
  { what: "binary data", code: 1003, data: Buffer.from([1, 2, 3]) },
  { what: "a text over 64 KiB", code: 1009, data: "x".repeat(65_536) },
])("closes with $code on $what", async ({ code, data }) => {
  const peer = await connect();
  const closed = once(peer, "close") as Promise<[number]>;
  peer.send(data);
  expect((await closed)[0]).toBe(code);
});

test("refuses an upgrade of any other path", async () => {
  await expect(connect("/other")).rejects.toThrow(/404/);
});

test("closes with 1001 when it is stopped, and ends", async () => {
  const connected = await Promise.all([connect(), connect(), connect()]);
  const closings = connected.map((peer) => once(peer, "close") as Promise<[number]>);
  expect(await shop.stop()).toEqual({ code: 0, signal: null });
  expect((await Promise.all(closings)).map(([code]) => code)).toEqual([1001, 1001, 1001]);
});

test("the load client loses nothing on it and finds every order exactly once", async () => {
  const spec = { url: shop.url, ratePerSecond: 200, webSockets: 2, maxRequests: 300 };
  const load = await startTracked(spec);
  await expect.poll(async () => (await load.count()).ok, within).toBe(300);
  const count = await load.stop();
  expect(count).toMatchObject({ sent: 300, failed: 0, byVersion: { 1: 300 } });
  expect(count.sockets).toMatchObject({ opened: 2, lost: 0, broken: 0 });
  expect(count.orders).toMatchObject({ acknowledged: 60, once: 60, problem: null });
});

test("the load client's WebSockets come back after a drain without a loss", async () => {
  const { port } = new URL(shop.url);
  const load = await startTracked({ url: shop.url, ratePerSecond: 1, webSockets: 3 });
  const sockets = async () => (await load.count()).sockets;
  await expect.poll(async () => (await sockets()).echoed, within).toBeGreaterThan(3);
  await shop.stop();
  await expect.poll(async () => (await sockets()).closed, within).toBe(3);
  shop = await start(port);
  await expect.poll(async () => (await sockets()).opened, within).toBe(6);
  expect((await load.stop()).sockets).toMatchObject({ closed: 3, broken: 0, lost: 0 });
});
