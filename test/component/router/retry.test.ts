/** What is tried again, on which connection, and what never is. */

import type { Socket } from "node:net";

import { expect, test } from "vitest";

import {
  call,
  freePort,
  keepAlive,
  routesTo,
  startHere,
  startInstance,
  startRawInstance,
  until,
} from "./support.ts";

test("sends a refused POST to another instance with its body intact", async () => {
  const instance = await startInstance("blue", (req, res) => {
    req.pipe(res);
  });
  const gone = `127.0.0.1:${await freePort()}`;
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [gone, instance.address] }) });
  const body = "x".repeat(300_000);
  const reply = await call(port, { method: "POST", body });
  expect(reply.status).toBe(200);
  expect(reply.text === body).toBe(true);
  const { blue } = router.status().colors;
  expect(blue.live).toMatchObject({ requests: 1, errors: 0 });
  expect(blue.instances[0]).toMatchObject({ address: gone, refused: 1 });
});

test("passes over an instance that refused, for a moment", async () => {
  const instance = await startInstance("blue");
  const gone = `127.0.0.1:${await freePort()}`;
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [gone, instance.address] }) });
  for (let turn = 0; turn < 10; turn += 1) expect((await call(port)).status).toBe(200);
  const [first] = router.status().colors.blue.instances;
  expect(first?.refused).toBe(1);
  expect(first?.ejectedUntil).not.toBeNull();
});

test("tries no more instances than its limit", async () => {
  const blue = await Promise.all(
    Array.from({ length: 6 }, async () => `127.0.0.1:${await freePort()}`),
  );
  const { router, port } = await startHere({}, { maxTries: 3 });
  await router.setRoutes({ routes: routesTo("blue", { blue }) });
  expect((await call(port)).status).toBe(502);
  const refused = router.status().colors.blue.instances.map((each) => each.refused);
  expect(refused.reduce((sum, count) => sum + count)).toBe(3);
});

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Answers once on each connection, then resets it at the second request. */
async function forgetfulInstance(): Promise<{ address: string; requests: string[] }> {
  const requests: string[] = [];
  const address = await startRawInstance((socket: Socket) => {
    let answered = false;
    socket.on("data", (data) => {
      requests.push(data.toString().split(" ")[0] ?? "");
      if (answered) socket.resetAndDestroy();
      else socket.write(ok);
      answered = true;
    });
  });
  return { address, requests };
}

test("repeats a GET on a fresh connection when a reused one was reset", async () => {
  const { address, requests } = await forgetfulInstance();
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  expect((await call(port)).text).toBe("ok");
  expect((await call(port)).text).toBe("ok");
  expect(requests).toEqual(["GET", "GET", "GET"]);
  expect(router.status().colors.blue.live).toMatchObject({ requests: 2, errors: 0 });
});

test.each(["POST", "PUT", "DELETE"])("never sends a %s on a reused connection", async (method) => {
  const { address, requests } = await forgetfulInstance();
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  for (const each of ["GET", method, method, "GET"]) {
    expect((await call(port, { method: each })).text).toBe("ok");
  }
  expect(requests.slice(0, 3)).toEqual(["GET", method, method]);
});

test("never sends a GET with a body on a reused connection", async () => {
  const { address, requests } = await forgetfulInstance();
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  await call(port);
  const headers = { "content-length": "1" };
  expect((await call(port, { headers, body: "x" })).text).toBe("ok");
  expect(requests.filter((method) => method === "GET")).toHaveLength(2);
});

test("doesn't repeat a GET that a fresh connection lost: the instance may have acted", async () => {
  let requests = 0;
  const address = await startRawInstance((socket) => {
    socket.once("data", () => {
      requests += 1;
      socket.resetAndDestroy();
    });
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  expect((await call(port)).status).toBe(502);
  expect(requests).toBe(1);
});

test("doesn't repeat a GET once a byte of the reply was seen", async () => {
  let requests = 0;
  const address = await startRawInstance((socket) => {
    let answered = false;
    socket.on("data", () => {
      requests += 1;
      if (!answered) socket.write(ok);
      else socket.write("HTTP/1.1 2", () => setTimeout(() => socket.resetAndDestroy(), 20));
      answered = true;
    });
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  await call(port);
  expect((await call(port)).status).toBe(502);
  expect(requests).toBe(2);
});

test("keeps connections to instances open for requests that may be repeated", async () => {
  const instance = await startInstance("blue");
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [instance.address] }) });
  const agent = keepAlive(1);
  for (let turn = 0; turn < 20; turn += 1) await call(port, { agent });
  expect(instance.connections()).toBe(1);
});

test("answers 504 when the reply takes too long, and counts an error", async () => {
  const address = await startRawInstance(() => undefined);
  const { router, port } = await startHere({}, { replyMs: 100 });
  await router.setRoutes({ routes: routesTo("blue", { blue: [address] }) });
  const reply = await call(port, { method: "POST", body: "x" });
  expect(reply.status).toBe(504);
  expect(router.status().colors.blue.live).toMatchObject({ requests: 1, errors: 1 });
});

test("lets a reply that began be silent for longer than that", async () => {
  const instance = await startInstance("blue", (_req, res) => {
    res.write("begin ");
    setTimeout(() => res.end("end"), 300);
  });
  const { router, port } = await startHere({}, { replyMs: 100 });
  await router.setRoutes({ routes: routesTo("blue", { blue: [instance.address] }) });
  expect((await call(port)).text).toBe("begin end");
});

test("finds the way back to an instance that returns", async () => {
  const { router, port } = await startHere();
  const returning = await startInstance("blue");
  await router.setRoutes({ routes: routesTo("blue", { blue: [returning.address] }) });
  await call(port);
  await returning.stop();
  expect((await call(port)).status).toBe(502);
  returning.server.listen(returning.port, "127.0.0.1");
  await until("an answer again", async () => (await call(port)).status === 200);
});
