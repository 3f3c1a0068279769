/** WebSockets and other upgraded connections: through, counted, drained. */

import type { Socket } from "node:net";

import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";

import type { Router } from "../../../infra/platforms/local/router/router.ts";
import type { RawClient, TestInstance } from "./support.ts";
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

interface EchoInstance extends TestInstance {
  /** Close codes that its WebSockets ended with. */
  readonly codes: readonly number[];
}

async function startEcho(name: string): Promise<EchoInstance> {
  const instance = await startInstance(name);
  const sockets = new WebSocketServer({ server: instance.server });
  const codes: number[] = [];
  sockets.on("connection", (socket) => {
    socket.on("close", (code) => codes.push(code));
    socket.on("message", (data: Buffer, isBinary) => {
      socket.send(isBinary ? data : `${name}: ${data.toString()}`);
    });
  });
  onEnd(() => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
  });
  return { ...instance, codes };
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

async function bothEchoes(drainMs: number): Promise<{
  readonly router: Router;
  readonly port: number;
  readonly blue: EchoInstance;
  readonly flip: (to: "blue" | "green") => Promise<void>;
}> {
  const blue = await startEcho("blue");
  const green = await startEcho("green");
  const { router, port } = await startHere({ drainMs });
  const attached = { blue: [blue.address], green: [green.address] };
  const flip = (to: "blue" | "green") => router.setRoutes({ routes: routesTo(to, attached) });
  await flip("blue");
  return { router, port, blue, flip };
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
  const { router, port, blue, flip } = await bothEchoes(400);
  const client = await openSocket(port);
  let code: number | null = null;
  client.socket.on("close", (said) => (code = said));
  const flippedMs = Date.now();
  await flip("green");
  expect(router.status().colors.blue.draining).toMatchObject({ requests: 0, upgraded: 1 });
  client.socket.send("still");
  await until("the echo of the former color", () => client.messages[0] === "blue: still");
  const next = await openSocket(port);
  expect(next.color()).toBe("green");
  await until("the end of the drain", () => code !== null && blue.codes.length > 0);
  expect([code, blue.codes], "both ends are told: going away").toEqual([1001, [1001]]);
  expect(Date.now() - flippedMs).toBeGreaterThanOrEqual(395);
  await until("nothing to drain", () => router.status().colors.blue.draining === null);
  expect(next.socket.readyState).toBe(WebSocket.OPEN);
});

/** An instance that speaks below WebSocket's library: the test decides where frames end. */
async function openRaw(protocol: string): Promise<{
  readonly client: RawClient;
  readonly instance: Socket;
  /** Takes the traffic away and waits until the drain's deadline is over. */
  readonly drain: () => Promise<void>;
}> {
  const sockets: Socket[] = [];
  const address = await startRawInstance((socket) => {
    sockets.push(socket);
    socket.write(`HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
  });
  const { router, port } = await startHere({ drainMs: 50 });
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  const head = `GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
  const client = rawClient(port, head);
  await until("the upgrade", () => client.received().endsWith("\r\n\r\n"));
  const [instance] = sockets;
  if (!instance) throw new Error("the instance has a connection");
  const drain = async (): Promise<void> => {
    await router.setRoutes({ routes: routesTo(null, { blue: [address] }) });
    const { draining } = router.status().colors.blue;
    await until("the deadline", () => Date.now() > Date.parse(draining?.until ?? "") + 20);
  };
  return { client, instance, drain };
}

const goingAway = "\x88\x02\x03\xe9";
const bodyOf = ({ received }: RawClient): string => received().split("\r\n\r\n")[1] ?? "";

test("lets the frame that is on its way become whole before the close frame, and no other", async () => {
  const { client, instance, drain } = await openRaw("websocket");
  instance.write("\x81\x0ahello", "latin1");
  await until("the first half", () => bodyOf(client) === "\x81\x0ahello");
  await drain();
  expect(bodyOf(client)).toBe("\x81\x0ahello");
  instance.write("world\x81\x03cut", "latin1");
  await until("the end", () => client.isClosed());
  expect(bodyOf(client)).toBe(`\x81\x0ahelloworld${goingAway}`);
});

test("says nothing within a frame that never ends: the connection is cut", async () => {
  const { client, instance, drain } = await openRaw("websocket");
  instance.write("\x82\x7e\xff", "latin1");
  await until("a part of the head", () => bodyOf(client) !== "");
  await drain();
  await until("the cut", () => client.isClosed());
  expect(bodyOf(client)).toBe("\x82\x7e\xff");
});

test("sends no second close frame", async () => {
  const { client, instance, drain } = await openRaw("websocket");
  instance.write("\x88\x02\x03\xe8", "latin1");
  await until("the instance's own", () => bodyOf(client) !== "");
  await drain();
  await until("the end", () => client.isClosed());
  expect(bodyOf(client)).toBe("\x88\x02\x03\xe8");
});

test("ends other protocols at the drain deadline without a byte of its own", async () => {
  const { client, instance, drain } = await openRaw("own/1");
  instance.write("\x81\x0ahello", "latin1");
  await until("the bytes", () => bodyOf(client) === "\x81\x0ahello");
  await drain();
  await until("the end", () => client.isClosed());
  expect(bodyOf(client)).toBe("\x81\x0ahello");
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

test("passes a large reply to a refused upgrade on, whole", async () => {
  const body = "x".repeat(20_000_000);
  const instance = await startInstance("blue", (_req, res) => {
    res.end(body);
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [instance.address] }) });
  const client = rawClient(port, `${upgradeHead}\r\n`);
  await until("the end of the reply", () => client.isClosed());
  expect(client.received().endsWith(`\r\n\r\n${body}`)).toBe(true);
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

test.each(["ends", "resets"])(
  "notices that the client %s its connection before the instance answers its upgrade",
  async (how) => {
    let left = false;
    const address = await startRawInstance((socket) => {
      socket.resume().on("close", () => (left = true));
    });
    const { router, port } = await startHere();
    await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
    const client = rawClient(port, `${upgradeHead}\r\nearly`);
    await until("the upgrade under way", () => router.status().colors.blue.live.open === 1);
    if (how === "ends") client.socket.end();
    else client.socket.resetAndDestroy();
    await until("nothing open", () => router.status().colors.blue.live.open === 0, 2000);
    await until("the instance to know", () => left);
    expect(router.status().colors.blue.live).toMatchObject({ abandoned: 1, errors: 0 });
  },
);

test("keeps what the client says before the instance answers its upgrade", async () => {
  let asked: Socket | undefined;
  const address = await startRawInstance((socket) => {
    socket.once("data", () => {
      asked = socket;
      socket.on("data", (more) => socket.write(more));
    });
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  const client = rawClient(port, `${upgradeHead}\r\none `);
  await until("the upgrade at the instance", () => asked !== undefined);
  const early = "x".repeat(200_000);
  client.socket.write(early);
  await until("bytes on their way", () => client.socket.bytesWritten > early.length);
  asked?.write("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: own/1\r\n\r\n");
  await until("the early bytes", () => client.received().endsWith(`\r\n\r\none ${early}`));
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
