/** Stops a server so that no request which reached it is lost. */
import type { Server } from "node:http";
import { Server as NetServer } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { LiveSockets } from "./live.ts";

/** Idle connections stay this long: a request that is on its way to us still gets its answer. */
const lingerMs = 1_200;
/** Requests that take longer are cut. */
const deadlineMs = 8_000;

/** Knows which connections wait for an answer. */
export class Connections {
  readonly #open = new Set<Socket>();
  readonly #busy = new Set<Socket>();

  constructor(server: Server) {
    server.on("connection", (socket: Socket) => {
      this.#open.add(socket);
      socket.once("close", () => this.#open.delete(socket));
    });
    server.on("request", ({ socket }, response) => {
      this.#busy.add(socket);
      response.once("close", () => this.#busy.delete(socket));
    });
  }

  destroyIdle(): void {
    for (const socket of this.#open) if (!this.#busy.has(socket)) socket.destroy();
  }

  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

/** Resolves when all connections are closed: true, or false where requests had to be cut. */
export async function shutDown(
  server: Server,
  connections: Connections,
  live: LiveSockets,
): Promise<boolean> {
  const closed = stopListening(server);
  live.closeAll(1001);
  const isClosed = closed.then(() => true);
  if (await Promise.race([isClosed, sleep(lingerMs, false)])) return true;
  connections.destroyIdle();
  if (await Promise.race([isClosed, sleep(deadlineMs - lingerMs, false)])) return true;
  connections.destroyAll();
  await closed;
  return false;
}

/** Unlike `server.close()` this leaves idle connections open, as a request may be on its way. */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    NetServer.prototype.close.call(server, () => {
      resolve();
    });
  });
}
