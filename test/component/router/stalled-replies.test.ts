/** Replies that make no progress, and clients that vanish. */

import { readFileSync } from "node:fs";
import { connect } from "node:net";

import { expect, test } from "vitest";

import type { RequestListener } from "node:http";

import {
  call,
  onEnd,
  openOf,
  rawClient,
  routesTo,
  startHere,
  startInstance,
  until,
} from "./support.ts";

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const upgrade = get.replace("Host", "Connection: Upgrade\r\nUpgrade: own/1\r\nHost");

async function routerTo(listener: RequestListener) {
  const instance = await startInstance("blue", listener);
  const { router, port } = await startHere({}, { stallMs: 150 });
  await router.setRoutes({ routes: routesTo("blue", { blue: [instance.address] }) });
  return { router, port };
}

test.each([
  { name: "and the instance has more to say", head: get, bytes: 50_000_000 },
  { name: "though the instance has said it all", head: get, bytes: 6_000_000 },
  { name: "and asked for an upgrade", head: upgrade, bytes: 50_000_000 },
])("lets go of a client that reads no more, $name", async ({ head, bytes }) => {
  const { router, port } = await routerTo((_req, res) => res.end(Buffer.alloc(bytes, "x")));
  const client = connect(port, "127.0.0.1", () => client.write(head));
  onEnd(() => client.destroy());
  client.pause();
  await until("the request under way", () => router.status().colors.blue.live.requests === 1);
  await until("nothing open", () => openOf(router.status(), "blue") === 0);
  expect(router.status().colors.blue.live).toMatchObject({ requests: 1, errors: 0 });
});

test("breaks off a reply whose instance stops in the middle, and counts an error", async () => {
  const { router, port } = await routerTo((_req, res) => {
    res.writeHead(200, { "content-length": "100" }).write("a part");
  });
  await expect(call(port)).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(router.status().colors.blue.live).toMatchObject({ requests: 1, errors: 1 });
});

test("leaves an event stream alone, however long it is silent", async () => {
  let say: ((text: string) => unknown) | undefined;
  const { port } = await routerTo((_req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    say = (text) => res.write(text);
  });
  const client = rawClient(port, get);
  await until("the head", () => client.received().includes("text/event-stream"));
  const startedMs = Date.now();
  await until("several times the limit", () => Date.now() - startedMs > 500);
  say?.("data: still here");
  await until("the event", () => client.received().includes("still here"));
});

/** The kernel's table of connections shows which timer runs for each: 2 is the keep-alive's. */
test.runIf(process.platform === "linux")("has the system probe silent clients", async () => {
  const { port } = await routerTo((_req, res) => {
    res.flushHeaders();
  });
  const client = rawClient(port, get);
  await until("the head", () => client.received().includes("200 OK"));
  const hex = (of: number) => of.toString(16).toUpperCase().padStart(4, "0");
  const ends = `0100007F:${hex(port)} 0100007F:${hex(client.socket.localPort ?? 0)} 01`;
  await until("the probe to be due within a minute", () => {
    const line = readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .find((each) => each.includes(ends));
    const timer = / 02:([0-9A-F]{8}) /.exec(line ?? "");
    return timer !== null && parseInt(timer[1] ?? "", 16) <= 6000;
  });
});
