/** The instances behind the router, a process of their own: echo, `/slow?ms=N` and WebSockets. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { Color, PerColor } from "../infra/model.ts";
import { instanceHeader } from "./client-facts.ts";

/** What the process answers to any message. */
export type Origins = PerColor<string>;

async function startInstance(color: Color): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader(instanceHeader, color);
    const url = new URL(request.url ?? "/", "http://origin");
    const waitMs = Number(url.searchParams.get("ms") ?? 0);
    if (waitMs > 0) setTimeout(() => request.pipe(response), waitMs);
    else request.pipe(response);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => {
    socket.on("error", () => {
      socket.terminate();
    });
    socket.on("message", (text) => {
      socket.send(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

process.on("message", () => {
  void Promise.all([startInstance("blue"), startInstance("green")]).then(([blue, green]) => {
    process.send?.({ blue, green } satisfies Origins);
  });
});
process.on("disconnect", () => process.exit(0));
