/** Nothing that a client or an instance sends ends the router. */

import { expect, test } from "vitest";

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

async function routerToInstance() {
  const instance = await startInstance("blue");
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [instance.address] }) });
  return { router, port };
}

const badRequests = [
  { name: "garbage", bytes: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", status: 400 },
  { name: "no host", bytes: "GET / HTTP/1.1\r\n\r\n", status: 400 },
  {
    name: "an endless header",
    bytes: `GET / HTTP/1.1\r\nHost: a\r\nX: ${"y".repeat(70_000)}\r\n\r\n`,
    status: 431,
  },
  {
    name: "two framings at once",
    bytes:
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    status: 400,
  },
  {
    name: "an unknown transfer coding",
    bytes: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    status: 400,
  },
  { name: "a foreign scheme", bytes: "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", status: 400 },
];

test.each(badRequests)("answers $name with $status and goes on", async ({ bytes, status }) => {
  const { port } = await routerToInstance();
  const client = rawClient(port, Buffer.from(bytes, "latin1"));
  await until("the connection to end", () => client.isClosed());
  expect(client.received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect((await call(port)).text).toBe("blue GET");
});

test("survives a client that leaves in the middle of its body", async () => {
  const { router, port } = await routerToInstance();
  const client = rawClient(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
  await until("the request under way", () => openOf(router.status(), "blue") === 1);
  client.socket.resetAndDestroy();
  await until("its end", () => openOf(router.status(), "blue") === 0);
  expect((await call(port)).text).toBe("blue GET");
});

test("refuses CONNECT without harm", async () => {
  const { port } = await routerToInstance();
  const client = rawClient(port, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n");
  await until("the connection to end", () => client.isClosed());
  expect((await call(port)).text).toBe("blue GET");
});

const badReplies = [
  { name: "garbage", bytes: "\x00\x01not http at all\r\n\r\n" },
  { name: "an endless header", bytes: `HTTP/1.1 200 OK\r\nX: ${"y".repeat(200_000)}\r\n\r\n` },
  { name: "nothing", bytes: "" },
  { name: "an upgrade nobody asked for", bytes: "HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n" },
  { name: "a status below 100", bytes: "HTTP/1.1 042 X\r\nContent-Length: 0\r\n\r\n" },
];

test.each(badReplies)("survives an instance that replies $name", async ({ bytes }) => {
  const address = await startRawInstance((socket) => {
    socket.once("data", () => socket.end(Buffer.from(bytes, "latin1")));
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  const status = await call(port).then(
    (reply) => reply.status,
    () => "broken off",
  );
  expect([502, "broken off"]).toContain(status);
  const { live } = router.status().colors.blue;
  expect(live).toMatchObject({ requests: 1, errors: 1 });
  await until("nothing open", () => openOf(router.status(), "blue") === 0);
});

test.each([
  { name: "upgrades a plain request", head: "101 X\r\nConnection: Upgrade\r\nUpgrade: own/1" },
  { name: "codes its body for the hop", head: "200 OK\r\nTransfer-Encoding: gzip, chunked" },
])("answers 502 for an instance that $name and waits", async ({ head }) => {
  const address = await startRawInstance((socket) => {
    socket.once("data", () => socket.write(`HTTP/1.1 ${head}\r\n\r\n`));
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  expect((await call(port)).status).toBe(502);
  expect(router.status().colors.blue.live).toMatchObject({ requests: 1, errors: 1 });
  await until("nothing open", () => openOf(router.status(), "blue") === 0);
});

test("cuts a reply whose chunks turn to garbage, and counts an error", async () => {
  const address = await startRawInstance((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
      setTimeout(() => socket.write("zz\r\n"), 20);
    });
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  await expect(call(port)).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(router.status().colors.blue.live).toMatchObject({ requests: 1, errors: 1 });
});

test("treats an offer of HTTP/2 as an ordinary request", async () => {
  const { port } = await routerToInstance();
  const headers = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AA" };
  expect((await call(port, { headers })).text).toBe("blue GET");
});
