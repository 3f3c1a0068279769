/** Starts one instance of the shop and stops it gracefully on SIGTERM or SIGINT. */
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { FaultyBehavior } from "./fault.ts";
import { LiveSockets } from "./live.ts";
import { Orders } from "./orders.ts";
import { answer } from "./routes.ts";
import type { Shop } from "./routes.ts";
import { settingsFrom } from "./settings.ts";
import type { ShopSettings } from "./settings.ts";
import { Connections, shutDown } from "./shutdown.ts";

function start(settings: ShopSettings): void {
  if (settings.fault === "crash") throw new Error("this release crashes on purpose");
  const orders = new Orders(settings.database);
  const behavior = new FaultyBehavior(settings.fault);
  const shop: Shop = { settings, orders, behavior, instance: "", stopping: false };
  const live = new LiveSockets();
  const server = createServer((request, response) => void answer(shop, request, response));
  server.on("upgrade", (request, socket, head) => {
    live.accept(request, socket, { head, stopping: shop.stopping });
  });
  server.once("error", fail);
  listen(server, shop);
  const connections = new Connections(server);
  const stop = (): void => {
    if (shop.stopping) return;
    shop.stopping = true;
    void shutDown(server, connections, live).then((complete) => {
      orders.close();
      process.exit(complete ? 0 : 1);
    }, fail);
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
}

function listen(server: Server, shop: Shop): void {
  const { host, port, version, color } = shop.settings;
  server.listen(port, host, () => {
    shop.instance = `${host}:${(server.address() as AddressInfo).port}`;
    process.stdout.write(`shop ${version} (${color}) listens on http://${shop.instance}\n`);
  });
}

function fail(error: unknown): void {
  process.stderr.write(`shop: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

try {
  start(settingsFrom(process.env));
} catch (error) {
  fail(error);
}
