/** A switch between two colors that must never serve at once. */

import { mkdirSync } from "node:fs";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";
import { WebSocket } from "ws";

import { setRoutes } from "../../../infra/platforms/local/router/client.ts";
import { launchRouter } from "../../../infra/platforms/local/router/launch.ts";
import { Pause } from "../../../infra/platforms/local/router/pause.ts";
import type { RouterSpec } from "../../../infra/platforms/local/router/protocol.ts";
import { startPair } from "./pair.ts";
import {
  call,
  keepAlive,
  onEnd,
  processDir,
  rawClient,
  routesTo,
  specOf,
  startHere,
  startInstance,
  startRawInstance,
  until,
} from "./support.ts";

test("sends nothing to one color while the other one answers, and loses no request", async () => {
  const { router, port, seen, routesOf } = await startPair({ pauseMs: 2000 });
  const agent = keepAlive(16);
  const failures: number[] = [];
  let flips = 0;
  const worker = async () => {
    while (flips < 20) {
      const { status } = await call(port, { agent });
      if (status !== 200) failures.push(status);
    }
  };
  const flipper = async () => {
    for (; flips < 20; flips += 1) {
      await router.setRoutes({ routes: routesOf(flips % 2 === 0 ? "green" : "blue", flips + 2) });
      await sleep(10);
    }
  };
  await Promise.all([...Array.from({ length: 16 }, worker), flipper()]);

  expect(failures).toEqual([]);
  expect(seen.sideBySide).toBe(false);
  expect(Math.min(seen.blue, seen.green)).toBeGreaterThan(50);
  expect(router.status().waiting).toBe(0);
});

test("lets them serve at once where no pause is asked for", async () => {
  const { router, port, serving, seen, letGo, routesOf } = await startPair({ pauseMs: 0 });
  const slow = call(port, { path: "/slow" });
  await until("the slow request", () => serving.blue === 1);
  await router.setRoutes({ routes: routesOf("green", 2) });
  expect((await call(port)).text).toBe("green");
  letGo[0]?.();
  await slow;
  expect(seen.sideBySide).toBe(true);
});

test("moves nothing when the former color doesn't finish in time, and goes on with it", async () => {
  const { router, port, serving, letGo, routesOf } = await startPair({ pauseMs: 150 });
  const slow = call(port, { path: "/slow" });
  await until("the slow request", () => serving.blue === 1);
  const refused = router.setRoutes({ routes: routesOf("green", 2) });
  const result = expect(refused).rejects.toMatchObject({
    code: "COLOR_BUSY",
    message: "blue had 1 request open after a pause of 150 ms, so traffic wasn't moved",
  });
  const waiting = call(port);
  await until("1 waiting", () => router.status().waiting === 1);
  await result;
  expect((await waiting).text).toBe("blue");
  expect(router.status()).toMatchObject({ waiting: 0, routes: { weights: { blue: 100 } } });
  letGo[0]?.();
  expect(await slow).toMatchObject({ status: 200, text: "blue" });
});

test("cuts what doesn't finish in time on the way back, which nothing stops", async () => {
  const { router, port, serving, seen, routesOf } = await startPair({ pauseMs: 150 });
  await router.setRoutes({ routes: routesOf("green", 2) });
  const slow = call(port, { path: "/slow" });
  await until("the slow request", () => serving.green === 1);
  const mark = { generation: 3, at: "2026-01-01T00:00:00Z", by: "me", reason: "errors", pin: null };
  await router.setRoutes({ routes: { ...routesOf("blue", 3), mark } });
  expect(await slow).toMatchObject({ status: 502 });
  expect((await call(port)).text).toBe("blue");
  expect(seen.sideBySide).toBe(false);
});

test("forgets a request whose client left while it waited", async () => {
  const { router, port, serving, seen, letGo, routesOf } = await startPair({ pauseMs: 2000 });
  const slow = call(port, { path: "/slow" });
  await until("the slow request", () => serving.blue === 1);
  const flip = router.setRoutes({ routes: routesOf("green", 2) });
  const { socket } = rawClient(port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  await until("1 waiting", () => router.status().waiting === 1);
  socket.destroy();
  await until("0 waiting", () => router.status().waiting === 0);
  letGo[0]?.();
  await Promise.all([flip, slow]);
  expect(seen).toMatchObject({ blue: 1, green: 0 });
});

test("ends WebSockets only when it is sure that traffic moves", async () => {
  const { router, port, serving, letGo, routesOf, upgrades } = await startPair({ pauseMs: 150 });
  const codes: number[] = [];
  const socket = new WebSocket(`ws://127.0.0.1:${port}/live`);
  onEnd(() => {
    socket.terminate();
  });
  socket.on("close", (code) => codes.push(code));
  await until("the WebSocket", () => upgrades.blue === 1);
  const slow = call(port, { path: "/slow" });
  await until("the slow request", () => serving.blue === 1);
  const refused = router.setRoutes({ routes: routesOf("green", 2) });
  await expect(refused).rejects.toMatchObject({ code: "COLOR_BUSY" });
  expect(socket.readyState).toBe(WebSocket.OPEN);
  letGo[0]?.();
  await slow;
  await router.setRoutes({ routes: routesOf("green", 2) });
  await until("the end of the WebSocket", () => codes.length > 0);
  expect(codes).toEqual([1001]);
});

test("waits for an upgrade that is answered late, and ends it", async () => {
  const late = await startRawInstance((socket) => {
    socket.once("data", () => {
      setTimeout(() => {
        socket.write("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
      }, 60);
    });
  });
  const green = await startInstance("green");
  const { router, port } = await startHere({ pauseMs: 2000 });
  const attached = { blue: [late], green: [green.address] };
  await router.setRoutes({ routes: routesTo("blue", attached) });
  const head = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n";
  const client = rawClient(port, head);
  await until("the request", () => router.status().colors.blue.live.open === 1);
  await router.setRoutes({ routes: routesTo("green", attached, { generation: 2 }) });
  expect((await call(port)).text).toBe("green GET");
  await until("the end of the upgraded connection", client.isClosed);
});

test("takes the setting back of a switch for a way back", async () => {
  const { router, port, serving, routesOf } = await startPair({ pauseMs: 150 });
  await router.setRoutes({ routes: routesOf("green", 2) });
  const slow = call(port, { path: "/slow" });
  await until("the slow request", () => serving.green === 1);
  await router.setRoutes({ routes: routesOf("blue", 1), ifGeneration: 2 });
  expect(await slow).toMatchObject({ status: 502 });
  expect((await call(port)).text).toBe("blue");
});

test("tells those to come back who are more than can wait", () => {
  const pause = new Pause(1);
  const reply = () => new ServerResponse(new IncomingMessage(new Socket()));
  const gone: string[] = [];
  pause.begin([]);
  expect(pause.admit(reply(), () => gone.push("first"))).toBe("waits");
  expect(pause.admit(reply(), () => gone.push("second"))).toBe("full");
  pause.end();
  expect(gone).toEqual(["first"]);
  expect(pause.admit(reply(), () => gone.push("third"))).toBe("go");
});

test("answers all that wait when it is stopped while they do", async () => {
  const { router, port, serving, letGo, routesOf } = await startPair({ pauseMs: 5000 });
  const slow = call(port, { path: "/slow" });
  await until("the slow request", () => serving.blue === 1);
  const flip = router.setRoutes({ routes: routesOf("green", 2) }).catch((error: unknown) => error);
  const waiting = Array.from({ length: 50 }, () => call(port));
  await until("50 waiting", () => router.status().waiting === 50);
  letGo[0]?.();
  await slow;
  const { finished } = await router.stop();
  const replies = await Promise.all(waiting);
  expect(replies.map(({ status }) => status)).toEqual(Array(50).fill(200));
  await Promise.all([finished, flip]);
});

test("a router that was started without word of a pause makes none", async () => {
  const dir = processDir();
  mkdirSync(dir, { mode: 0o700 });
  const blue = await startInstance("blue");
  const green = await startInstance("green");
  const attached = { blue: [blue.address], green: [green.address] };
  // As an older bluegreen wrote it.
  const older: Partial<RouterSpec> = { ...specOf(dir) };
  Reflect.deleteProperty(older, "pauseMs");
  const status = await launchRouter(older as RouterSpec);
  expect(status.spec.pauseMs).toBe(0);
  await setRoutes(dir, routesTo("blue", attached));
  await setRoutes(dir, routesTo("green", attached, { generation: 2 }));
  expect((await call(status.listen.port)).text).toBe("green GET");
});

test("stops at once in the middle of a pause, with the former routes", async () => {
  const { router, port, serving, letGo, routesOf } = await startPair({ pauseMs: 60_000 });
  const slow = call(port, { path: "/slow" });
  await until("the slow request", () => serving.blue === 1);
  const flip = router.setRoutes({ routes: routesOf("green", 2) });
  const result = expect(flip).rejects.toMatchObject({ code: "ROUTER_DOWN" });
  const waiting = call(port);
  await until("1 waiting", () => router.status().waiting === 1);
  const stopped = router.stop();
  await result;
  letGo[0]?.();
  expect((await slow).text).toBe("blue");
  expect((await waiting).text).toBe("blue");
  await (
    await stopped
  ).finished;
  expect(router.status().routes.weights).toEqual({ blue: 100, green: 0 });
});
