/** Bodies that an instance doesn't want, or that a client doesn't finish. */

import { expect, test } from "vitest";

import type { RequestListener } from "node:http";

import {
  call,
  openOf,
  rawClient,
  routesTo,
  startHere,
  startInstance,
  startRawInstance,
  until,
} from "./support.ts";

const megabyte = Buffer.alloc(1_000_000, "x");

async function routerTo(address: string, replyMs = 5000) {
  const { router, port } = await startHere({}, { replyMs });
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  return { port, live: () => router.status().colors.blue.live, router };
}

const refusals: { name: string; listener: RequestListener }[] = [
  {
    name: "keeps its connection",
    listener: (_req, res) => {
      res.writeHead(413).end("too large");
    },
  },
  {
    name: "closes its connection",
    listener: (_req, res) => {
      res.writeHead(413, { connection: "close" }).end("too large");
    },
  },
];

test.each(refusals)("passes the refusal of a large body on by an app that $name", async (app) => {
  const instance = await startInstance("blue", app.listener);
  const { port, live } = await routerTo(instance.address);
  for (let turn = 0; turn < 20; turn += 1) {
    const reply = await call(port, { method: "POST", body: megabyte });
    expect(reply).toMatchObject({ status: 413, text: "too large" });
  }
  expect(live()).toMatchObject({ requests: 20, errors: 0 });
});

test("passes a refusal on that comes with a reset behind it", async () => {
  const address = await startRawInstance((socket) => {
    // Nothing of the body is read, so that the end of the connection is a reset.
    socket.once("readable", () => {
      socket.read(16);
      socket.write("HTTP/1.1 401 Who\r\nContent-Length: 3\r\n\r\nwho", () => socket.destroy());
    });
  });
  const { port, live } = await routerTo(address);
  const statuses: number[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    statuses.push((await call(port, { method: "POST", body: megabyte })).status);
  }
  expect(statuses).toEqual(Array.from({ length: 20 }, () => 401));
  expect(live()).toMatchObject({ requests: 20, errors: 0 });
});

test("still answers 502 when an instance breaks off without a reply", async () => {
  const address = await startRawInstance((socket) => {
    socket.once("readable", () => socket.resetAndDestroy());
  });
  const { port, live } = await routerTo(address);
  expect((await call(port, { method: "POST", body: megabyte })).status).toBe(502);
  expect(live()).toMatchObject({ requests: 1, errors: 1 });
});

const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n";

test("answers 408 to a client that stalls its upload, and blames no color", async () => {
  const instance = await startInstance("blue");
  const { port, live, router } = await routerTo(instance.address, 100);
  const client = rawClient(port, `${head}\r\nabc`);
  await until("the end of the connection", () => client.isClosed());
  expect(client.received()).toMatch(/^HTTP\/1\.1 408 [\s\S]*connection: close/);
  await until("nothing open", () => openOf(router.status(), "blue") === 0);
  expect(live()).toMatchObject({ requests: 0, errors: 0, abandoned: 1 });
});

test("lets an upload take longer than the deadline for a reply", async () => {
  const instance = await startInstance("blue");
  const { port, live } = await routerTo(instance.address, 150);
  const client = rawClient(port, `${head}\r\n`);
  await until("the request under way", () => live().open === 1);
  const startedMs = Date.now();
  let sent = 0;
  await until("twice the deadline", () => {
    client.socket.write("x");
    sent += 1;
    return Date.now() - startedMs > 300;
  });
  client.socket.write("x".repeat(1000 - sent));
  await until("the reply", () => client.received().includes("blue POST"));
  expect(live()).toMatchObject({ requests: 1, errors: 0 });
});

const silent = [
  { name: "has the whole body", bytes: `${head}\r\n${"x".repeat(1000)}` },
  { name: "never said 100 Continue", bytes: `${head}Expect: 100-continue\r\n\r\n` },
];

test.each(silent)("answers 504 when an instance that $name stays silent", async ({ bytes }) => {
  const address = await startRawInstance((socket) => socket.resume());
  const { port, live } = await routerTo(address, 100);
  const client = rawClient(port, bytes);
  await until("the reply", () => client.received().includes("HTTP/1.1 "));
  expect(client.received()).toMatch(/^HTTP\/1\.1 504 /);
  expect(live()).toMatchObject({ requests: 1, errors: 1 });
});

test("answers 504 when an instance doesn't read the body", async () => {
  const address = await startRawInstance((socket) => socket.pause());
  const { port, live } = await routerTo(address, 200);
  const body = Buffer.alloc(20_000_000, "x");
  expect((await call(port, { method: "POST", body })).status).toBe(504);
  expect(live()).toMatchObject({ requests: 1, errors: 1 });
});
