/** WebSockets and other upgraded connections: through, counted, drained. */

import type { Socket } from "node:net";

import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";

import type { Router } from "../../../infra/platforms/local/proxy/router.ts";
import type { TestInstance } from "./support.ts";
import {
  call,
  freePort,
  onEnd,
  rawClient,
  routesTo,
  startHere,
  startInstance,
  startRawInstance,
  until,
} from "./support.ts";

async function startEcho(name: string): Promise<TestInstance> {
  const instance = await startInstance(name);
  const sockets = new WebSocketServer({ server: instance.server });
  sockets.on("connection", (socket) => {
    socket.on("message", (data: Buffer, isBinary) => {
      socket.send(isBinary ? data : `${name}: ${data.toString()}`);
    });
  });
  onEnd(() => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
  });
  return instance;
}

interface TestSocket {
  readonly socket: WebSocket;
  readonly messages: string[];
  readonly color: () => string | undefined;
}

async function openSocket(port: number, headers: Record<string, string> = {}): Promise<TestSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, { headers });
  onEnd(() => {
    socket.terminate();
  });
  const messages: string[] = [];
  let color: string | undefined;
  socket.on("upgrade", (reply) => (color = String(reply.headers["x-bluegreen-color"])));
  socket.on("message", (data: Buffer) => messages.push(data.toString()));
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return { socket, messages, color: () => color };
}

async function bothEchoes(
  drainMs: number,
): Promise<{ router: Router; port: number; flip: (to: "blue" | "green") => Promise<void> }> {
  const blue = await startEcho("blue");
  const green = await startEcho("green");
  const { router, port } = await startHere({ drainMs });
  const attached = { blue: [blue.address], green: [green.address] };
  const flip = (to: "blue" | "green") => router.setRoutes({ routes: routesTo(to, attached) });
  await flip("blue");
  return { router, port, flip };
}

test("carries a WebSocket both ways and names the color in the 101", async () => {
  const { router, port } = await bothEchoes(1000);
  const client = await openSocket(port);
  expect(client.color()).toBe("blue");
  client.socket.send("hi");
  await until("the echo", () => client.messages[0] === "blue: hi");
  const big = Buffer.alloc(3_000_000, 7);
  client.socket.send(big);
  await until("the large echo", () => client.messages[1]?.length === big.length);
  expect(router.status().colors.blue.live).toMatchObject({ requests: 1, open: 1, upgraded: 1 });
  client.socket.close();
  await until("nothing open", () => router.status().colors.blue.live.open === 0);
  expect(router.status().colors.blue.live).toMatchObject({ errors: 0, upgraded: 0 });
});

test("keeps a WebSocket on its color after a flip and closes it at the drain deadline", async () => {
  const { router, port, flip } = await bothEchoes(400);
  const client = await openSocket(port);
  let closed = false;
  client.socket.on("close", () => (closed = true));
  const flippedMs = Date.now();
  await flip("green");
  expect(router.status().colors.blue.draining).toMatchObject({ requests: 0, upgraded: 1 });
  client.socket.send("still");
  await until("the echo of the former color", () => client.messages[0] === "blue: still");
  const next = await openSocket(port);
  expect(next.color()).toBe("green");
  await until("the end of the drain", () => closed);
  expect(Date.now() - flippedMs).toBeGreaterThanOrEqual(395);
  await until("nothing to drain", () => router.status().colors.blue.draining === null);
  expect(next.socket.readyState).toBe(WebSocket.OPEN);
});

test("leaves WebSockets alone when the color gets its traffic back in time", async () => {
  const { router, port, flip } = await bothEchoes(200);
  const client = await openSocket(port);
  await flip("green");
  const { draining } = router.status().colors.blue;
  await flip("blue");
  const untilMs = Date.parse(draining?.until ?? "");
  await until("the time of the former deadline to pass", () => Date.now() > untilMs + 50);
  client.socket.send("here");
  await until("the echo", () => client.messages[0] === "blue: here");
});

test("shows a request in flight as draining after a flip and lets it finish", async () => {
  let finish: (() => void) | undefined;
  const slow = await startInstance("blue", (_req, res) => (finish = () => res.end("late")));
  const green = await startInstance("green");
  const { router, port } = await startHere({ drainMs: 0 });
  const attached = { blue: [slow.address], green: [green.address] };
  await router.setRoutes({ routes: routesTo("blue", attached) });
  const reply = call(port);
  await until("the request at the instance", () => finish !== undefined);
  await router.setRoutes({ routes: routesTo("green", attached) });
  expect(router.status().colors.blue.draining).toMatchObject({ requests: 1, upgraded: 0 });
  expect((await call(port)).text).toBe("green GET");
  finish?.();
  expect((await reply).headers["x-bluegreen-color"]).toBe("blue");
  await until("nothing to drain", () => router.status().colors.blue.draining === null);
});

test("opens a WebSocket to the idle color by the preview header", async () => {
  const { router, port } = await bothEchoes(1000);
  const client = await openSocket(port, { "x-bluegreen-preview": "green" });
  expect(client.color()).toBe("green");
  expect(router.status().colors.green.live.open).toBe(0);
  expect(router.status().colors.green.preview.upgraded).toBe(1);
});

const upgradeHead = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: own/1\r\n";

test("carries any protocol, with the bytes right behind the heads", async () => {
  const address = await startRawInstance((socket: Socket) => {
    socket.once("data", (data) => {
      const [head = "", rest = ""] = data.toString().split("\r\n\r\n");
      expect(head.toLowerCase()).toContain("upgrade: own/1");
      socket.write("HTTP/1.1 101 Sure\r\nConnection: Upgrade\r\nUpgrade: own/1\r\n\r\nfirst ");
      if (rest !== "") socket.write(rest);
      socket.on("data", (more) => socket.write(more));
    });
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  const client = rawClient(port, `${upgradeHead}\r\nhello `);
  await until("the first bytes", () => client.received().endsWith("first hello "));
  expect(client.received()).toMatch(/^HTTP\/1\.1 101 Sure\r\n/);
  client.socket.write("world");
  await until("more", () => client.received().endsWith("world"));
  client.socket.end();
  await until("the end", () => client.isClosed());
});

test("passes on what an instance says that doesn't upgrade", async () => {
  const instance = await startInstance("blue", (_req, res) => {
    res.writeHead(426, { upgrade: "other" }).end("upgrade to other");
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [instance.address] }) });
  const client = rawClient(port, `${upgradeHead}\r\n`);
  await until("the end of the reply", () => client.isClosed());
  expect(client.received()).toMatch(/^HTTP\/1\.1 426 [\s\S]*x-bluegreen-color: blue/);
  expect(client.received()).toContain("upgrade to other");
  await until("nothing open", () => router.status().colors.blue.live.open === 0);
});

test("sends a refused upgrade to another instance, and answers 502 when there is none", async () => {
  const instance = await startEcho("blue");
  const gone = `127.0.0.1:${await freePort()}`;
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [gone, instance.address] }) });
  expect((await openSocket(port)).color()).toBe("blue");
  await router.setRoutes({ routes: routesTo("blue", { blue: [gone] }) });
  await expect(openSocket(port)).rejects.toThrow("502");
});

test("answers an upgrade with 503 while inactive", async () => {
  const { port } = await startHere();
  await expect(openSocket(port)).rejects.toThrow("503");
});

test("survives both ends of an upgraded connection being reset", async () => {
  const upstreams: Socket[] = [];
  const address = await startRawInstance((socket) => {
    upstreams.push(socket);
    socket.write("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: own/1\r\n\r\n");
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  for (const side of ["client", "instance"]) {
    const client = rawClient(port, `${upgradeHead}\r\n`);
    await until("the upgrade", () => client.received().includes("101"));
    const socket = side === "client" ? client.socket : upstreams.at(-1);
    socket?.resetAndDestroy();
    await until("nothing open", () => router.status().colors.blue.live.open === 0);
    await until("the client's end", () => client.isClosed());
  }
});
