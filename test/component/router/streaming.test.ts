/** Bodies pass through as they come, in both directions, whatever their framing. */

import { randomBytes } from "node:crypto";
import { request } from "node:http";
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
  startRawInstance,
  until,
} from "./support.ts";

async function routerTo(listener: RequestListener) {
  const instance = await startInstance("blue", listener);
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [instance.address] }) });
  return { router, port, instance };
}

const echo: RequestListener = (req, res) => {
  req.pipe(res);
};

test("streams a body to the instance and back before it is whole", async () => {
  const { port } = await routerTo(echo);
  const req = request({ host: "127.0.0.1", port, method: "POST", agent: false });
  onEnd(() => req.destroy());
  let text = "";
  let ended = false;
  req.on("response", (res) => {
    res.on("data", (chunk: Buffer) => (text += chunk.toString()));
    res.on("end", () => (ended = true));
  });
  req.write("one");
  await until("the first part to come back", () => text === "one");
  req.write("two");
  await until("the second part to come back", () => text === "onetwo");
  req.end();
  await until("the end", () => ended);
});

test("sends the head of a silent event stream at once", async () => {
  const { port } = await routerTo((_req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.flushHeaders();
  });
  const client = rawClient(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until("the head", () => client.received().includes("text/event-stream"));
});

test.each([1024, 5_000_000])("passes a body of %d bytes intact, with a length", async (size) => {
  const { port, instance } = await routerTo(echo);
  const body = randomBytes(size / 2).toString("hex");
  const headers = { "content-length": String(size) };
  const reply = await call(port, { method: "POST", headers, body });
  expect(reply.text === body).toBe(true);
  expect(instance.connections()).toBe(1);
});

test("passes chunked bodies and their trailers both ways", async () => {
  const { port } = await routerTo((req, res) => {
    res.writeHead(200, { trailer: "x-sum" });
    req.pipe(res, { end: false });
    req.on("end", () => {
      res.addTrailers({ "x-sum": req.trailers["x-check"] ?? "none" });
      res.end();
    });
  });
  const client = rawClient(
    port,
    "POST / HTTP/1.1\r\nHost: a\r\nTrailer: x-check\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "3\r\nabc\r\n0\r\nx-check: 42\r\n\r\n",
  );
  await until(
    "the trailer",
    () => client.received().endsWith("\r\n\r\n0\r\n\r\n") || /x-sum: 42/.test(client.received()),
  );
  expect(client.received()).toContain("abc");
  expect(client.received()).toContain("x-sum: 42");
});

test.each(["GET", "DELETE"])("frames the body of a %s that has one", async (method) => {
  const { port } = await routerTo(echo);
  const headers = { "transfer-encoding": "chunked" };
  expect((await call(port, { method, headers, body: "why not" })).text).toBe("why not");
});

test("answers HEAD with the length and no body", async () => {
  const { port } = await routerTo((_req, res) => {
    res.writeHead(200, { "content-length": "5" });
    res.end();
  });
  const reply = await call(port, { method: "HEAD" });
  expect(reply.headers["content-length"]).toBe("5");
  expect(reply.text).toBe("");
});

test.each([204, 304])("passes a %d without a body", async (status) => {
  const { port } = await routerTo((_req, res) => {
    res.writeHead(status, { etag: "x" }).end();
  });
  expect(await call(port)).toMatchObject({ status, text: "", headers: { etag: "x" } });
});

const expecting = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";

test("lets the instance say 100 Continue before the body is sent", async () => {
  const { port } = await routerTo(echo);
  const client = rawClient(port, expecting);
  await until("100 Continue", () => client.received().includes("100 Continue"));
  expect(client.received()).not.toContain("200 OK");
  client.socket.write("hello");
  await until(
    "the reply",
    () => client.received().endsWith("hello") || /\r\nhello/.test(client.received()),
  );
  expect(client.received()).toContain("200 OK");
});

test("passes a refusal on instead of 100 Continue", async () => {
  const { port, instance } = await routerTo(echo);
  instance.server.on("checkContinue", (_req, res) => {
    res.writeHead(417, { "content-length": "0" }).end();
  });
  const client = rawClient(port, expecting);
  await until("the refusal and the end", () => client.isClosed());
  expect(client.received()).toMatch(/^HTTP\/1\.1 417/);
  expect(client.received()).not.toContain("100 Continue");
});

test("passes an early reply on while the body is still being sent", async () => {
  const { router, port } = await routerTo((_req, res) => {
    res.writeHead(413, { connection: "close" }).end("too large");
  });
  const client = rawClient(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
  await until("the reply", () => client.received().includes("too large"));
  expect(client.received()).toMatch(/^HTTP\/1\.1 413/);
  client.socket.write("x".repeat(997) + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  await until("the next reply", () => client.received().split("too large").length === 3);
  expect(router.status().colors.blue.live).toMatchObject({ requests: 2, errors: 0 });
});

test("lets go of an instance that replied early and waits for the rest of the body", async () => {
  let closed = false;
  const address = await startRawInstance((socket) => {
    socket.on("close", () => (closed = true));
    socket.once("data", () => socket.write("HTTP/1.1 413 Big\r\nContent-Length: 0\r\n\r\n"));
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  const client = rawClient(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
  await until("the reply", () => client.received().includes("413 Big"));
  await until("the instance's connection to end", () => closed);
});

test("passes bytes beyond ASCII in headers as they are", async () => {
  let seen: unknown;
  const { port } = await routerTo((req, res) => {
    seen = req.headers["x-name"];
    res.writeHead(200, { "x-back": "\xe4" }).end();
  });
  const bytes = "GET / HTTP/1.1\r\nHost: a\r\nX-Name: M\xfcller\r\n\r\n";
  const client = rawClient(port, Buffer.from(bytes, "latin1"));
  await until("a reply", () => client.received().includes("HTTP/1.1 "));
  expect(client.received()).toMatch(/^HTTP\/1\.1 200/);
  expect(seen).toBe("M\xfcller");
  expect(client.received()).toContain("x-back: \xe4\r\n");
});

test("lets the client see that a reply broke off, and counts an error", async () => {
  const address = await startRawInstance((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly a part");
      setTimeout(() => socket.destroy(), 20);
    });
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  await expect(call(port)).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(router.status().colors.blue.live).toMatchObject({ requests: 1, errors: 1 });
  await until("nothing open", () => openOf(router.status(), "blue") === 0);
});

test("lets a slow client take its time without holding up others", async () => {
  const { port } = await routerTo((req, res) => {
    res.end(req.url === "/big" ? Buffer.alloc(20_000_000, "x") : "small");
  });
  const slow = connect(port, "127.0.0.1", () => slow.write("GET /big HTTP/1.1\r\nHost: a\r\n\r\n"));
  onEnd(() => slow.destroy());
  let bytes = 0;
  slow.pause();
  expect((await call(port)).text).toBe("small");
  slow.on("data", (chunk: Buffer) => (bytes += chunk.length));
  slow.resume();
  await until("the whole of it", () => bytes > 20_000_000);
});

test("tells the instance when the client leaves, and counts no error", async () => {
  let aborted = false;
  let arrived = false;
  const { router, port } = await routerTo((req) => {
    arrived = true;
    req.on("close", () => (aborted = true));
  });
  const client = rawClient(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until("the request at the instance", () => arrived);
  expect(openOf(router.status(), "blue")).toBe(1);
  client.socket.destroy();
  await until("the instance to know", () => aborted);
  const { live } = router.status().colors.blue;
  expect(live).toMatchObject({ requests: 0, errors: 0, abandoned: 1, open: 0 });
});
