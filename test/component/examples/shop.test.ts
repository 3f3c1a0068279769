/** The shop as it is deployed: copied to another folder and run there. */
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import type { Agent } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { killExamples, launch, startExample } from "./example-process.ts";
import type { ExampleProcess } from "./example-process.ts";
import { ask, sendUntilClosed } from "./steady-client.ts";
import type { Reply } from "./steady-client.ts";

let release = "";
let folder = "";

beforeAll(async () => {
  release = await mkdtemp(join(tmpdir(), "shop-release-"));
  await cp(new URL("../../../examples/shop/", import.meta.url), release, { recursive: true });
});

afterAll(async () => {
  await rm(release, { recursive: true, force: true });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shop-data-"));
});

afterEach(async () => {
  killExamples();
  await rm(folder, { recursive: true, force: true });
});

function specOf(env: Record<string, string> = {}) {
  const database = join(folder, "shop.db");
  return {
    command: [process.execPath, "server.ts"] as const,
    cwd: release,
    env: { PORT: "0", VERSION: "2", COLOR: "green", DATABASE: database, ...env },
  };
}

function startShop(env: Record<string, string> = {}): Promise<ExampleProcess> {
  return startExample(specOf(env));
}

async function get(shop: ExampleProcess, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(new URL(path, shop.url), { headers: { connection: "close" } });
  return { status: response.status, body: await response.json() };
}

async function post(
  shop: ExampleProcess,
  path: string,
  { key, body }: { key?: string; body: unknown },
): Promise<{ status: number; body: unknown }> {
  const headers: Record<string, string> = { connection: "close" };
  if (key !== undefined) headers["idempotency-key"] = key;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(new URL(path, shop.url), { method: "POST", headers, body: text });
  return { status: response.status, body: await response.json() };
}

async function statusesOf(shop: ExampleProcess, path: string, times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < times; n += 1) {
    statuses.push((await ask(new URL(path, shop.url), false)).status);
  }
  return statuses;
}

test("says its version, its color and its instance", async () => {
  const shop = await startShop();
  const instance = new URL(shop.url).host;
  expect(await get(shop, "/version")).toEqual({
    status: 200,
    body: { version: "2", color: "green", instance },
  });
  const page = await fetch(shop.url);
  expect(page.headers.get("x-version")).toBe("2");
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(await page.text()).toContain("Shop, version 2");
});

test("escapes its version in the page", async () => {
  const shop = await startShop({ VERSION: "<script>" });
  expect(await (await fetch(shop.url)).text()).not.toContain("<script>");
});

test("lists its products and answers 404 on anything unknown", async () => {
  const shop = await startShop();
  expect(await get(shop, "/products")).toMatchObject({
    status: 200,
    body: { products: [{ id: "tea" }, { id: "cup" }, { id: "pot" }] },
  });
  expect((await get(shop, "/nothing")).status).toBe(404);
  expect((await get(shop, "/orders")).status).toBe(404);
});

test("stores an order once, however often its key is sent", async () => {
  const shop = await startShop();
  const order = { key: "run-1", body: { product: "tea", quantity: 2 } };
  const first = await post(shop, "/orders", order);
  const again = await post(shop, "/orders", order);
  await post(shop, "/orders", { key: "run-2", body: { product: "cup" } });
  expect(first).toMatchObject({
    status: 201,
    body: { id: 1, key: "run-1", product: "tea", quantity: 2 },
  });
  expect(again).toMatchObject({ status: 200, body: { id: 1 } });
  const count = await get(shop, "/orders/count?prefix=run-");
  expect(count.body).toEqual({ orders: 2, repeated: 1 });
  expect((await get(shop, "/orders/count?prefix=other")).body).toEqual({ orders: 0, repeated: 0 });
  const keys = ["run-1", "run-2", "run-3"];
  expect(await post(shop, "/orders/check", { body: { keys } })).toEqual({
    status: 200,
    body: { once: 1, repeated: ["run-1"], missing: ["run-3"] },
  });
});

test("refuses an order that it can't understand, and stores nothing of it", async () => {
  const shop = await startShop();
  const tea = { product: "tea" };
  const bad = [
    { body: tea },
    { key: "a", body: "{" },
    { key: "a", body: "null" },
    { key: "a", body: { product: 1 } },
    { key: "a", body: { ...tea, quantity: 0 } },
  ];
  for (const order of bad) {
    expect((await post(shop, "/orders", order)).status, JSON.stringify(order)).toBe(400);
  }
  expect((await post(shop, "/orders", { key: "a", body: "x".repeat(200_000) })).status).toBe(413);
  expect((await post(shop, "/orders/check", { body: { keys: "all" } })).status).toBe(400);
  expect((await get(shop, "/orders/count")).body).toEqual({ orders: 0, repeated: 0 });
});

test("is unhealthy while its table can't be read, and healthy again after", async () => {
  const shop = await startShop();
  const database = new DatabaseSync(join(folder, "shop.db"));
  try {
    expect((await get(shop, "/healthz")).status).toBe(200);
    database.exec("ALTER TABLE orders RENAME TO elsewhere");
    expect((await get(shop, "/healthz")).status).toBe(503);
    database.exec("ALTER TABLE elsewhere RENAME TO orders");
    expect((await get(shop, "/healthz")).status).toBe(200);
  } finally {
    database.close();
  }
});

test("an expanded table serves the version that knows nothing of the new column", async () => {
  const shop = await startShop();
  const database = new DatabaseSync(join(folder, "shop.db"));
  try {
    await post(shop, "/orders", { key: "before", body: { product: "tea" } });
    database.exec("ALTER TABLE orders ADD COLUMN note TEXT NOT NULL DEFAULT ''");
    const after = await post(shop, "/orders", { key: "after", body: { product: "tea" } });
    expect(after).toMatchObject({ status: 201, body: { id: 2, key: "after" } });
  } finally {
    database.close();
  }
});

test("instances of both colors that start together share one database", async () => {
  const colors = ["blue", "green", "blue", "green", "blue", "green"];
  const shops = await Promise.all(colors.map((COLOR) => startShop({ COLOR })));
  const orders = shops.map((shop, i) =>
    post(shop, "/orders", { key: `k-${i}`, body: { product: "tea" } }),
  );
  const statuses = (await Promise.all(orders)).map(({ status }) => status);
  expect(statuses).toEqual(colors.map(() => 201));
  for (const shop of shops) {
    expect((await get(shop, "/orders/count?prefix=k-")).body).toEqual({ orders: 6, repeated: 0 });
  }
});

test("answers every request of an open connection when it is stopped under load", async () => {
  const shop = await startShop();
  const statuses: number[] = [];
  const keys: string[] = [];
  const send = (client: number) => (agent: Agent, n: number) => {
    const key = `c${client}-${n}`;
    keys.push(key);
    const body = JSON.stringify({ product: "tea" });
    const headers = { "idempotency-key": key };
    return ask(new URL("/orders", shop.url), agent, { method: "POST", headers, body });
  };
  const note = ({ status }: Reply) => statuses.push(status);
  const clients = Array.from({ length: 20 }, (_, i) => sendUntilClosed(send(i), note));
  await expect.poll(() => statuses.length, { timeout: 8_000, interval: 5 }).toBeGreaterThan(200);
  const exit = await shop.stop();
  await Promise.all(clients);
  expect(exit).toEqual({ code: 0, signal: null });
  expect(statuses.filter((status) => status !== 201)).toEqual([]);
  const second = await startShop();
  const stored = await get(second, "/orders/count?prefix=c");
  expect(stored.body).toEqual({ orders: keys.length, repeated: 0 });
});

test("finishes the slow requests that are under way when it is stopped", async () => {
  const shop = await startShop({ BREAK: "slow" });
  const replies: Reply[] = [];
  const clients = Array.from({ length: 10 }, () =>
    sendUntilClosed(
      (agent) => ask(new URL("/products", shop.url), agent),
      (reply) => replies.push(reply),
    ),
  );
  // Asked later and answered at once: by then the slow ones have arrived.
  await ask(new URL("/version", shop.url), false);
  const stopped = shop.stop();
  await Promise.all(clients);
  expect(await stopped).toEqual({ code: 0, signal: null });
  expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
  await expect(ask(new URL("/version", shop.url), false)).rejects.toThrow(/ECONNREFUSED/);
});

test("ends although clients keep idle and silent connections open", async () => {
  const shop = await startShop();
  const { hostname, port } = new URL(shop.url);
  const silent = connect(Number(port), hostname);
  try {
    await once(silent, "connect");
    await (await fetch(new URL("/healthz", shop.url))).text();
    expect(await shop.stop("SIGINT")).toEqual({ code: 0, signal: null });
  } finally {
    silent.destroy();
  }
});

test("never becomes healthy when it is broken so, by BREAK or by its version", async () => {
  const byBreak = await startShop({ BREAK: "never-healthy" });
  const byVersion = await startShop({ VERSION: "3-never-healthy" });
  expect((await get(byBreak, "/healthz")).status).toBe(503);
  expect((await get(byVersion, "/healthz")).status).toBe(503);
  expect((await get(byVersion, "/products")).status).toBe(200);
});

test("ends at start with exit code 1 when it is to crash, and on a setting it can't use", async () => {
  for (const env of [{ BREAK: "crash" }, { BREAK: "someday" }, { PORT: "http" }]) {
    const { exit, output } = launch(specOf(env));
    expect(await exit, JSON.stringify(env)).toEqual({ code: 1, signal: null });
    expect(output()).toMatch(/^shop: /);
  }
});

test("passes its checks and then fails a third of the traffic when broken after the switch", async () => {
  const shop = await startShop({ BREAK: "after-switch" });
  const checks = await statusesOf(shop, "/healthz", 10);
  const before = await statusesOf(shop, "/products", 200);
  const after = await statusesOf(shop, "/products", 30);
  const elsewhere = await statusesOf(shop, "/", 10);
  const later = await statusesOf(shop, "/healthz", 10);
  expect([...checks, ...before, ...elsewhere, ...later].filter((status) => status !== 200)).toEqual(
    [],
  );
  expect(after.filter((status) => status === 500)).toHaveLength(10);
});
