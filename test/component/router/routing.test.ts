/** Which color a request meets, and what the heads of requests and replies look like. */

import { expect, test } from "vitest";

import type { IncomingMessage } from "node:http";

import { Listener } from "../../../infra/platforms/local/router/listener.ts";
import { formatMetrics } from "../../../infra/platforms/local/router/metrics.ts";
import { Proxy } from "../../../infra/platforms/local/router/proxy.ts";
import type { TestInstance } from "./support.ts";
import {
  call,
  freePort,
  keepAlive,
  onEnd,
  preview,
  rawClient,
  routesTo,
  specOf,
  startHere,
  startInstance,
  tempDir,
  until,
} from "./support.ts";

async function bothColors(): Promise<{ blue: TestInstance; green: TestInstance }> {
  return { blue: await startInstance("blue"), green: await startInstance("green") };
}

function attachedOf({ blue, green }: { blue: TestInstance; green: TestInstance }) {
  return { blue: [blue.address], green: [green.address] };
}

test("answers 503 with Retry-After while no color is active", async () => {
  const { router, port } = await startHere();
  const reply = await call(port);
  expect(reply.status).toBe(503);
  expect(reply.headers["retry-after"]).toBe("1");
  expect(reply.text).toContain("no color is active");
  expect(reply.headers["x-bluegreen-color"]).toBeUndefined();
  expect(router.status()).toMatchObject({ state: "inactive", unrouted: 1 });
});

test("sends all requests to the active color and names it in the reply", async () => {
  const instances = await bothColors();
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("green", attachedOf(instances)) });
  const reply = await call(port);
  expect(reply.text).toBe("green GET");
  expect(reply.headers["x-bluegreen-color"]).toBe("green");
  expect(instances.blue.connections()).toBe(0);
});

test("follows a flip on a connection that stays open", async () => {
  const instances = await bothColors();
  const { router, port } = await startHere();
  const agent = keepAlive(1);
  await router.setRoutes({ routes: routesTo("blue", attachedOf(instances)) });
  expect((await call(port, { agent })).text).toBe("blue GET");
  const [socket] = Object.values(agent.freeSockets)[0] ?? [];
  await router.setRoutes({ routes: routesTo("green", attachedOf(instances)) });
  expect((await call(port, { agent })).text).toBe("green GET");
  expect(Object.values(agent.freeSockets)[0]?.[0]).toBe(socket);
});

test("splits requests by weight", async () => {
  const instances = await bothColors();
  const { router, port } = await startHere();
  const weights = { blue: 80, green: 20 };
  await router.setRoutes({ routes: routesTo(null, attachedOf(instances), { weights }) });
  const agent = keepAlive(4);
  const replies = await Promise.all(Array.from({ length: 1000 }, () => call(port, { agent })));
  const green = replies.filter((reply) => reply.text === "green GET").length;
  // Seven standard deviations around 200.
  expect(green).toBeGreaterThan(110);
  expect(green).toBeLessThan(290);
  expect(router.status().colors.green.live.requests).toBe(green);
});

test("reaches the idle color by the preview header and counts that apart", async () => {
  const instances = await bothColors();
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", attachedOf(instances)) });
  const reply = await call(port, preview("green"));
  expect(reply.text).toBe("green GET");
  expect(reply.headers["x-bluegreen-color"]).toBe("green");
  const { green } = router.status().colors;
  expect(green.live).toMatchObject({ requests: 0, lastRequestAt: null });
  expect(green.preview.requests).toBe(1);
  expect(green.preview.lastRequestAt).not.toBeNull();
});

test("reaches a color by the preview header while the router is inactive", async () => {
  const instances = await bothColors();
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo(null, attachedOf(instances)) });
  expect((await call(port, preview("blue"))).text).toBe("blue GET");
  expect((await call(port)).status).toBe(503);
});

test("refuses a preview of a word that isn't a color, and says when one isn't attached", async () => {
  const { port } = await startHere();
  const typo = await call(port, { headers: { "x-bluegreen-preview": "purple" } });
  expect(typo.status).toBe(400);
  const missing = await call(port, preview("green"));
  expect(missing.status).toBe(503);
  expect(missing.text).toContain("green isn't attached");
});

test("takes the instances of a color in turn", async () => {
  const instances = await Promise.all(["a", "b", "c"].map((name) => startInstance(name)));
  const { router, port } = await startHere();
  const blue = instances.map((instance) => instance.address);
  await router.setRoutes({ routes: routesTo("blue", { blue }) });
  const texts: string[] = [];
  for (let turn = 0; turn < 6; turn += 1) texts.push((await call(port)).text);
  expect(texts.join()).toBe("a GET,b GET,c GET,a GET,b GET,c GET");
});

async function echoRouter() {
  const seen: IncomingMessage[] = [];
  const instance = await startInstance("echo", (req, res) => {
    seen.push(req);
    res.writeHead(200, [
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["Keep-Alive", "timeout=99"],
      ["Connection", "x-secret"],
      ["X-Secret", "hop"],
      ["X-Bluegreen-Color", "green"],
    ]);
    res.end("ok");
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [instance.address] }) });
  return { port, seen };
}

test("tells instances who asked, for which host and by which scheme", async () => {
  const { port, seen } = await echoRouter();
  await call(port, { headers: { host: "shop.test", "x-forwarded-for": "10.1.1.1" } });
  expect(seen[0]?.headers).toMatchObject({
    host: "shop.test",
    "x-forwarded-for": "10.1.1.1, 127.0.0.1",
    "x-forwarded-host": "shop.test",
    "x-forwarded-proto": "http",
  });
});

const claims = {
  forwarded: "for=6.6.6.6",
  "x-real-ip": "6.6.6.6",
  "x-forwarded-for": "6.6.6.6",
  "x-forwarded-port": "666",
};
const aliases = { X_Forwarded_For: "6.6.6.6", "X-Forwarded_Proto": "https", x_real_ip: "6.6.6.6" };

test("drops what a client says of itself where the router meets clients itself", async () => {
  const seen: IncomingMessage[] = [];
  const instance = await startInstance("blue", (req, res) => {
    seen.push(req);
    res.end();
  });
  const proxy = new Proxy({ edge: true });
  proxy.setRoutes({ schema: 1, ...routesTo("blue", { blue: [instance.address] }) });
  const listener = new Listener(specOf(tempDir()), proxy);
  await listener.listen();
  onEnd(async () => {
    listener.stop();
    listener.closeAll();
    await proxy.close();
  });
  await call(listener.port, { headers: { ...claims, ...aliases, X_Own: "1" } });
  const { rawHeaders } = seen[0] ?? { rawHeaders: [] };
  expect(rawHeaders.join("\n")).not.toMatch(/6\.6\.6\.6|666/);
  expect(rawHeaders).toContain("X_Own");
  expect(seen[0]?.headers["x-forwarded-for"]).toBe("127.0.0.1");
});

test("believes a load balancer in front, but no other spelling of what it says", async () => {
  const { port, seen } = await echoRouter();
  await call(port, { headers: { ...claims, ...aliases } });
  expect(seen[0]?.headers).toMatchObject({
    ...claims,
    "x-forwarded-for": "6.6.6.6, 127.0.0.1",
    "x-forwarded-proto": "http",
  });
  expect(Object.keys(seen[0]?.headers ?? {}).filter((name) => name.includes("_"))).toEqual([]);
});

test("passes end-to-end headers on and keeps hop-by-hop headers to itself", async () => {
  const { port, seen } = await echoRouter();
  const headers = { connection: "x-hop, keep-alive", "x-hop": "1", te: "trailers", "X-Own": "2" };
  const reply = await call(port, { headers });
  expect(seen[0]?.headers["x-hop"]).toBeUndefined();
  expect(seen[0]?.headers.te).toBeUndefined();
  expect(seen[0]?.rawHeaders).toContain("X-Own");
  expect(reply.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  expect(reply.headers["x-secret"]).toBeUndefined();
  expect(reply.headers["keep-alive"]).not.toBe("timeout=99");
  expect(reply.headers["x-bluegreen-color"]).toBe("blue");
});

test("turns an absolute target into a path and its host", async () => {
  const { port, seen } = await echoRouter();
  const client = rawClient(port, "GET http://shop.test/a?b=1 HTTP/1.1\r\nHost: other\r\n\r\n");
  await until("a reply", () => client.received().includes("200 OK"));
  expect(seen[0]?.url).toBe("/a?b=1");
  expect(seen[0]?.headers.host).toBe("shop.test");
});

test("serves a client that speaks HTTP/1.0", async () => {
  const { port, seen } = await echoRouter();
  const client = rawClient(port, "GET /old HTTP/1.0\r\n\r\n");
  await until("the end of the reply", () => client.isClosed());
  expect(client.received()).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*ok$/);
  expect(client.received()).not.toMatch(/transfer-encoding/i);
  expect(seen[0]?.headers.host).toBe(`127.0.0.1:${port}`);
});

test("counts requests, errors and latencies per color and shows them as Prometheus text", async () => {
  const instance = await startInstance("blue", (req, res) => {
    res.statusCode = req.url === "/bad" ? 500 : 200;
    res.end();
  });
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [instance.address] }) });
  await call(port);
  await call(port, { path: "/bad" });
  const status = router.status();
  const { live } = status.colors.blue;
  expect(live).toMatchObject({ requests: 2, errors: 1 });
  expect(live.latency.counts.reduce((sum, count) => sum + count)).toBe(2);
  const text = formatMetrics(status);
  expect(text).toContain('bluegreen_requests_total{color="blue",kind="live"} 2\n');
  expect(text).toContain('bluegreen_errors_total{color="blue",kind="live"} 1\n');
  expect(text).toContain(
    'bluegreen_latency_seconds_bucket{color="blue",kind="live",le="+Inf"} 2\n',
  );
  expect(text).toContain('bluegreen_weight_percent{color="blue"} 100\n');
});

test("refuses routes without sense and leaves the former ones in force", async () => {
  const instances = await bothColors();
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", attachedOf(instances)) });
  const attached = attachedOf(instances);
  const refused = [
    { code: "COLOR_EMPTY", routes: routesTo("green", { blue: attached.blue }) },
    { code: "SETTINGS_INVALID", routes: routesTo("green", { green: ["http://a:1"] }) },
    { code: "SETTINGS_INVALID", routes: routesTo("green", { green: [`127.0.0.1:${port}`] }) },
    {
      code: "SETTINGS_INVALID",
      routes: routesTo(null, attached, { weights: { blue: 50, green: 20 } }),
    },
  ];
  for (const { code, routes } of refused) {
    await expect(router.setRoutes({ routes })).rejects.toMatchObject({ code });
  }
  await expect(
    router.setRoutes({ routes: routesTo("green", attached), ifGeneration: 7 }),
  ).rejects.toMatchObject({ code: "DRIFT" });
  expect((await call(port)).text).toBe("blue GET");
});

test("answers 502, counts an error and names the color when its instance is gone", async () => {
  const gone = `127.0.0.1:${await freePort()}`;
  const { router, port } = await startHere();
  await router.setRoutes({ routes: routesTo("blue", { blue: [gone] }) });
  const reply = await call(port);
  expect(reply.status).toBe(502);
  expect(reply.headers["x-bluegreen-color"]).toBe("blue");
  expect(router.status().colors.blue.live).toMatchObject({ requests: 1, errors: 1 });
  await until("nothing open", () => router.status().colors.blue.live.open === 0);
});
