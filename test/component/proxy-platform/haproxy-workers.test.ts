/** HAProxy's workers: whose rights they have, and what those from before a reload still do. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Color, ColorTraffic } from "../../../infra/model.ts";
import { weightsOf } from "../../../infra/model.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../../infra/platforms/proxy/router.ts";
import { filesOf } from "../../../infra/platforms/proxy/spec.ts";
import { startTheirs } from "./theirs.ts";
import type { TestInstance } from "./support.ts";
import {
  call,
  describeWith,
  keepAlive,
  kill,
  masterPid,
  onEnd,
  routesTo,
  specOf,
  startColors,
  startInstance,
  startedRouter,
  workerPids,
} from "./support.ts";

const isRoot = process.getuid?.() === 0;

/** A client that sends its first request when it is told to. */
async function connected(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  onEnd(() => socket.destroy());
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** The reply's last line. */
async function firstReply(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => (text += chunk));
  socket.on("close", () => {
    resolve(text.split("\r\n").at(-1) ?? "");
  });
  socket.write("GET / HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n");
  return promise;
}

/** Says which color it is, and which clients it was told of. */
function startTelling(color: Color): Promise<TestInstance> {
  return startInstance(color, (req, res) => {
    req.resume();
    res.end(`${color} for ${String(req.headers["x-forwarded-for"])}`);
  });
}

/** Accepts WebSockets, and keeps them until the client ends them. */
function keepWebSockets({ server }: TestInstance): void {
  server.on("upgrade", (req, socket) => {
    const key = `${req.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.on("error", () => undefined);
    socket.on("end", () => socket.end());
    socket.resume();
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    onEnd(() => socket.destroy());
  });
}

async function openWebSocket(port: number): Promise<Socket> {
  const socket = await connected(port);
  socket.on("error", () => undefined);
  const reply = new Promise<Buffer>((resolve) => socket.once("data", resolve));
  socket.write(
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  expect((await reply).toString()).toMatch(/^HTTP\/1.1 101 /);
  return socket;
}

async function trafficOf(router: ProxyRouter, color: Color): Promise<ColorTraffic | "unknown"> {
  const { traffic } = await router.read();
  return traffic.kind === "counted" ? traffic.colors[color] : "unknown";
}

async function openOf(router: ProxyRouter, color: Color): Promise<number | "unknown"> {
  const traffic = await trafficOf(router, color);
  return traffic === "unknown" ? traffic : traffic.open;
}

describeWith(["haproxy"], "haproxy: a worker from before a reload", () => {
  test("sends what comes on its clients' connections where the flip after it says", async () => {
    const { router, port, spec } = await startedRouter("haproxy", { drainMs: 30_000 });
    const [blue, green] = [await startTelling("blue"), await startTelling("green")];
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const agents = Array.from({ length: 4 }, () => keepAlive(1));
    const before = await Promise.all(agents.map((agent) => call(port, { agent })));
    expect(before.map(({ text }) => text)).toEqual(Array<string>(4).fill("blue for 127.0.0.1"));
    const opened = await Promise.all(agents.map(() => connected(port)));
    const [former] = workerPids(spec);
    await router.setRoutes(routesTo("green", { blue: [blue.address], green: [green.address] }));
    expect(workerPids(spec)).toContain(former);
    const green4 = Array<string>(4).fill("green for 127.0.0.1");
    const kept = await Promise.all(agents.map((agent) => call(port, { agent })));
    expect(kept.map(({ text }) => text)).toEqual(green4);
    expect(await Promise.all(opened.map(firstReply))).toEqual(green4);
    expect(await trafficOf(router, "green")).toMatchObject({ requests: 8, errors: 0, open: 0 });
    await expect.poll(() => workerPids(spec)).not.toContain(former);
  });

  test("decides by what it knows where the worker of now can't be reached", async () => {
    const { router, port, spec } = await startedRouter("haproxy", { drainMs: 30_000 });
    const { blue, green } = await startColors();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const agent = keepAlive(1);
    await call(port, { agent });
    execFileSync("rm", [filesOf(spec).nextSocket]);
    // The check that tells it comes every 10 s.
    await sleep(11_000);
    await router.setRoutes(routesTo("blue", { blue: [blue.address], green: [green.address] }));
    expect(await call(port, { agent })).toMatchObject({ status: 200, text: "blue" });
  });

  test("goes on by itself where HAProxy ends without another one, but for one request", async () => {
    const { router, port, spec } = await startedRouter("haproxy", { drainMs: 30_000 });
    const { blue } = await startColors();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const agents = Array.from({ length: 4 }, () => keepAlive(1));
    await Promise.all(agents.map((agent) => call(port, { agent })));
    kill(masterPid(spec) ?? 0, "SIGUSR1");
    await expect
      .poll(() =>
        call(port).then(
          () => "taken",
          () => "refused",
        ),
      )
      .toBe("refused");
    const statuses: number[] = [];
    for (const agent of agents) statuses.push((await call(port, { agent })).status);
    const good = statuses.filter((status) => status === 200);
    // That one may also have been a call above, which nobody counts.
    expect(good.length, statuses.join()).toBeGreaterThanOrEqual(3);
    expect(statuses.at(-1)).toBe(200);
  });

  test("is counted with what is open on it, until that ends", async () => {
    const { router, port } = await startedRouter("haproxy", { drainMs: 30_000 });
    const { blue, green } = await startColors();
    keepWebSockets(blue);
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const socket = await openWebSocket(port);
    await expect.poll(() => openOf(router, "blue")).toBe(1);
    await router.setRoutes(routesTo("green", { blue: [blue.address], green: [green.address] }));
    expect(await trafficOf(router, "blue")).toMatchObject({
      open: 1,
      lastRequestAt: expect.any(String) as string,
    });
    socket.destroy();
    await expect.poll(() => openOf(router, "blue")).toBe(0);
    expect((await router.read()).problems).toEqual([]);
  });
});

describeWith(["haproxy"], "haproxy: a worker of an existing server from before its reload", () => {
  async function onBlue(words: readonly string[]) {
    const { blue, green } = await startColors();
    const { spec, port, include } = await startTheirs("haproxy", blue, words);
    include();
    const router = new ProxyRouter(spec, thisMachine);
    await router.start();
    await router.setRoutes(routesTo("blue", { blue: [blue.address] }));
    const attached = { blue: [blue.address], green: [green.address] };
    return { blue, router, port, attached };
  }

  test("sends what comes on its clients' connections where the flip after it says", async () => {
    const { router, port, attached } = await onBlue([]);
    const agents = Array.from({ length: 4 }, () => keepAlive(1));
    await Promise.all(agents.map((agent) => call(port, { agent })));
    await router.setRoutes(routesTo("green", attached));
    const kept = await Promise.all(agents.map((agent) => call(port, { agent })));
    expect(kept.map(({ text }) => text)).toEqual(Array<string>(4).fill("green"));
  });

  test("makes traffic unknown as long as it lives, where its master has no socket", async () => {
    const { blue, router, port, attached } = await onBlue([]);
    keepWebSockets(blue);
    const socket = await openWebSocket(port);
    await router.setRoutes(routesTo("green", attached));
    const { traffic, problems } = await router.read();
    expect(traffic).toEqual({ kind: "unknown" });
    expect(problems.join()).toMatch(/can't be counted: .* before a reload \(\d+.*\)/);
    socket.destroy();
    await expect.poll(() => openOf(router, "blue"), { timeout: 5_000 }).toBe(0);
    expect((await router.read()).problems).toEqual([]);
  });

  test("is counted where its master has a socket", async () => {
    const { blue, router, port, attached } = await onBlue(["-S", "SOCKET"]);
    keepWebSockets(blue);
    const socket = await openWebSocket(port);
    await router.setRoutes(routesTo("green", attached));
    expect(await openOf(router, "blue")).toBe(1);
    expect((await router.read()).problems).toEqual([]);
    socket.destroy();
    await expect.poll(() => openOf(router, "blue"), { timeout: 5_000 }).toBe(0);
  });
});

describeWith(["haproxy"], "haproxy: root's rights", () => {
  test.runIf(isRoot)("aren't the workers': neither the account nor the group", async () => {
    const { spec } = await startedRouter("haproxy");
    const pids = workerPids(spec);
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) {
      const ids = execFileSync("ps", ["-o", "uid=,gid=", "-p", String(pid)], { encoding: "utf8" });
      expect(ids.trim().split(/\s+/).map(Number)).not.toContain(0);
    }
  });

  test.runIf(isRoot)("are refused to workers without an account of their own", async () => {
    const spec = await specOf("haproxy", { user: null });
    await expect(new ProxyRouter(spec, thisMachine).start()).rejects.toMatchObject({
      code: "SETTINGS_INVALID",
      message: expect.stringMatching(/workers would be root/) as string,
      hint: expect.stringMatching(/proxy\.user/) as string,
    });
    expect(masterPid(spec)).toBeNull();
  });
});

describeWith(["haproxy"], "haproxy: connections to instances", () => {
  test("are closed when they were idle for the set time, however many there are", async () => {
    const { router, port } = await startedRouter("haproxy", { idleMs: 1_000 });
    const open = new Set<Socket>();
    const { server, address } = await startInstance("blue", (req, res) => {
      req.resume();
      setTimeout(() => res.end("blue"), 300);
    });
    server.keepAliveTimeout = 60_000;
    server.on("connection", (socket) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    });
    await router.setRoutes(routesTo("blue", { blue: [address] }));
    for (let each = 0; each < 3; each += 1) {
      await Promise.all(Array.from({ length: 40 }, () => call(port)));
    }
    expect(open.size).toBeGreaterThan(20);
    await expect.poll(() => open.size, { timeout: 2_500, interval: 20 }).toBe(0);
  });

  test("lose no POST to instances that end theirs after twice that time", async () => {
    const { router, port } = await startedRouter("haproxy", { idleMs: 1_000 });
    await router.setRoutes(routesTo("blue", { blue: [await startImpatient(2_000)] }));
    const agent = keepAlive(40);
    const post = { method: "POST", body: "end", agent };
    const statuses: number[] = [];
    for (let each = 0; each < 3; each += 1) {
      if (each > 0) await sleep(2_300);
      const replies = await Promise.all(Array.from({ length: 40 }, () => call(port, post)));
      statuses.push(...replies.map(({ status }) => status));
    }
    expect(statuses).toEqual(Array<number>(120).fill(200));
  });
});

/** Resets a connection at the request that comes after it was idle for longer. */
async function startImpatient(idleMs: number): Promise<string> {
  const server = createServer((socket) => {
    let [last, text] = [0, ""];
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (last > 0 && Date.now() - last > idleMs) socket.resetAndDestroy();
      else if (/\r\n\r\nend$/.test(text)) {
        text = "";
        setTimeout(() => {
          last = Date.now();
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }, 100);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onEnd(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describeWith(["haproxy"], "haproxy: a switch that was killed", () => {
  test("between file and process is called dangerous, and the next start ends it", async () => {
    const { router, spec, port } = await startedRouter("haproxy");
    const { blue, green } = await startColors();
    const attached = { blue: [blue.address], green: [green.address] };
    const { map } = filesOf(spec);
    await router.setRoutes(routesTo("green", attached));
    const toGreen = readFileSync(map, "utf8");
    await router.setRoutes(routesTo("blue", attached));
    writeFileSync(map, toGreen);
    const { weights, problems } = await router.read();
    expect(weights).toEqual(weightsOf("blue"));
    expect(problems.join()).toMatch(
      /dangerous, as it would move traffic from blue 100 \/ green 0 to blue 0 \/ green 100/,
    );
    await router.start();
    expect((await router.read()).problems).toEqual([]);
    expect(readFileSync(map, "utf8")).not.toBe(toGreen);
    expect((await call(port)).text).toBe("blue");
  });
});
