/** The order of a switch between colors that must never serve at once: what ends, and when. */

import { mkdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { expect, test } from "vitest";

import { routerFiles } from "../../../infra/platforms/local/router/protocol.ts";
import { startPair } from "./pair.ts";
import { call, onEnd, tempDir, until } from "./support.ts";

const upgrade =
  "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
  "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** An upgraded connection whose ends both don't heed its end: its farewell takes what it may. */
async function deafConnection({ blue, port }: Awaited<ReturnType<typeof startPair>>) {
  blue.server.removeAllListeners("upgrade").on("upgrade", (_, socket) => {
    socket.on("error", () => socket.destroy());
    socket.write("HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
    onEnd(() => socket.destroy());
  });
  const seen = { isOpen: false, isEnded: false };
  const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  client.on("data", () => (seen.isOpen = true));
  client.on("error", () => client.destroy());
  client.on("end", () => (seen.isEnded = true));
  client.write(upgrade);
  onEnd(() => client.destroy());
  await until("the upgraded connection", () => seen.isOpen);
  return seen;
}

test("a preview that comes while WebSockets are ended waits, and doesn't stop the switch", async () => {
  const pair = await startPair({ pauseMs: 300 });
  const { router, port, serving, letGo, routesOf } = pair;
  const connection = await deafConnection(pair);
  const flip = router.setRoutes({ routes: routesOf("green", 2) });
  await until("the end", () => connection.isEnded);
  const slow = call(port, { path: "/slow", headers: { "x-bluegreen-preview": "blue" } });
  await until("the preview", () => router.status().waiting === 1);
  expect(await call(port, { headers: { "x-bluegreen-preview": "green" } })).toMatchObject({
    text: "green",
  });
  await flip;
  expect((await call(port)).text).toBe("green");
  await until("the preview's turn", () => serving.blue === 1);
  letGo[0]?.();
  expect(await slow).toMatchObject({ status: 200, text: "blue" });
});

test("routes that can't be stored end no WebSocket", async () => {
  const dir = tempDir();
  const pair = await startPair({ pauseMs: 300, dir });
  const { router, port, routesOf } = pair;
  const connection = await deafConnection(pair);
  const path = join(dir, routerFiles.routes);
  rmSync(path);
  mkdirSync(join(path, "in-the-way"), { recursive: true });
  await expect(router.setRoutes({ routes: routesOf("green", 2) })).rejects.toMatchObject({
    code: "STORE_FAILED",
  });
  expect(connection.isEnded).toBe(false);
  expect((await call(port)).text).toBe("blue");
  expect(router.status().colors.blue.live.upgraded).toBe(1);
});

test("tells how many requests were open, without WebSockets, and which of them are previews", async () => {
  const pair = await startPair({ pauseMs: 150 });
  const { router, port, serving, letGo, routesOf } = pair;
  const connection = await deafConnection(pair);
  const slow = [
    call(port, { path: "/slow" }),
    call(port, { path: "/slow", headers: { "x-bluegreen-preview": "blue" } }),
  ];
  await until("the slow requests", () => serving.blue === 2);
  await expect(router.setRoutes({ routes: routesOf("green", 2) })).rejects.toMatchObject({
    message: expect.stringContaining("had 2 requests open (1 by the preview header)") as string,
  });
  expect(connection.isEnded).toBe(false);
  for (const answer of letGo) answer();
  await Promise.all(slow);
});
