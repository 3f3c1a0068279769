/** What the shop answers: one function per route. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultyBehavior } from "./fault.ts";
import type { Orders } from "./orders.ts";
import { pageOf } from "./page.ts";
import { bodyOf, BadRequest } from "./request-body.ts";
import type { ShopSettings } from "./settings.ts";

export interface Shop {
  readonly settings: ShopSettings;
  readonly orders: Orders;
  readonly behavior: FaultyBehavior;
  /** `host:port`, known once the server listens. */
  instance: string;
  /** True after the signal to stop: each connection then gets one last answer. */
  stopping: boolean;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly html?: boolean;
}

type Route = (shop: Shop, request: IncomingMessage, url: URL) => Answer | Promise<Answer>;

const maxKeys = 1_000;
const products = [
  { id: "tea", name: "Tea", cents: 450 },
  { id: "cup", name: "Cup", cents: 900 },
  { id: "pot", name: "Pot", cents: 2_400 },
] as const;

const routes: Readonly<Record<string, Route>> = {
  "GET /": ({ settings, instance }) => ({
    status: 200,
    body: pageOf(settings, instance),
    html: true,
  }),
  "GET /healthz": health,
  "GET /version": ({ settings: { version, color }, instance }) => ok({ version, color, instance }),
  "GET /products": () => ok({ products }),
  "POST /orders": takeOrder,
  "GET /orders/count": ({ orders }, _, url) =>
    ok(orders.count(url.searchParams.get("prefix") ?? "")),
  "POST /orders/check": checkOrders,
};

/** Paths that ask about the instance; every other request is a user's. */
const probes = new Set(["/healthz", "/version"]);

/** Never rejects: what goes wrong becomes an answer. */
export async function answer(
  shop: Shop,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    send(shop, response, await resolve(shop, request));
  } catch (error) {
    send(shop, response, refusalOf(error));
  }
}

async function resolve(shop: Shop, request: IncomingMessage): Promise<Answer> {
  const url = urlOf(request);
  const route = routes[`${request.method ?? "GET"} ${url.pathname}`];
  if (!probes.has(url.pathname)) {
    const broken = shop.behavior.fails(url.pathname);
    if (shop.behavior.delayMs > 0) await sleep(shop.behavior.delayMs);
    if (broken) return { status: 500, body: { error: "this release is broken on purpose" } };
  }
  return route === undefined
    ? { status: 404, body: { error: `no ${url.pathname} here` } }
    : await route(shop, request, url);
}

function refusalOf(error: unknown): Answer {
  if (error instanceof BadRequest) return { status: error.status, body: { error: error.message } };
  process.stderr.write(`shop: ${String(error)}\n`);
  return { status: 500, body: { error: "internal error" } };
}

function urlOf(request: IncomingMessage): URL {
  const url = URL.parse(request.url ?? "/", "http://shop");
  if (url === null) throw new BadRequest(400, "the path can't be read");
  return url;
}

function health({ behavior, orders }: Shop): Answer {
  if (!behavior.healthy) return { status: 503, body: { status: "broken on purpose" } };
  try {
    orders.ping();
    return ok({ status: "ok" });
  } catch (error) {
    return { status: 503, body: { status: "database unavailable", reason: String(error) } };
  }
}

async function takeOrder({ orders, settings }: Shop, request: IncomingMessage): Promise<Answer> {
  const key = request.headers["idempotency-key"];
  const { product, quantity = 1 } = await bodyOf(request);
  if (typeof key !== "string" || key === "") throw new BadRequest(400, "no Idempotency-Key header");
  if (typeof product !== "string") throw new BadRequest(400, "product must be a string");
  if (typeof quantity !== "number" || !Number.isInteger(quantity) || quantity < 1) {
    throw new BadRequest(400, "quantity must be a whole number above 0");
  }
  const order = orders.add({ key, product, quantity }, settings.version);
  return { status: order.requests === 1 ? 201 : 200, body: order };
}

async function checkOrders({ orders }: Shop, request: IncomingMessage): Promise<Answer> {
  const { keys } = await bodyOf(request);
  if (!isKeys(keys)) throw new BadRequest(400, `keys must be at most ${maxKeys} strings`);
  return ok(orders.check(keys));
}

function isKeys(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= maxKeys &&
    value.every((key: unknown) => typeof key === "string")
  );
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function send({ settings, stopping }: Shop, response: ServerResponse, reply: Answer): void {
  const text = reply.html === true ? String(reply.body) : JSON.stringify(reply.body);
  response.writeHead(reply.status, {
    "content-type": reply.html === true ? "text/html; charset=utf-8" : "application/json",
    "content-length": Buffer.byteLength(text),
    "x-version": settings.version,
    ...(stopping ? { connection: "close" } : {}),
  });
  response.end(text);
}
