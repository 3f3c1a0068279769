/** A server that misbehaves by plan, so that a load client's counts can be told beforehand. */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";

export interface Misbehavior {
  /** The n-th request (from 1) gets this instead of its answer. */
  readonly instead?: (n: number, request: IncomingMessage, response: ServerResponse) => boolean;
  readonly headers?: (n: number) => Record<string, string>;
  /** Answer to `POST /orders/check` for the keys that were acknowledged. */
  readonly check?: (keys: string[]) => unknown;
  /** Called with each text; the default echoes it. */
  readonly onText?: (socket: WebSocket, text: string) => void;
  /** False refuses handshakes. */
  readonly webSockets?: boolean;
}

export class FaultyServer {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #behavior: Misbehavior;
  /** Requests of the load, the final check of the orders left out. */
  seen = 0;
  connections = 0;
  readonly keys: string[] = [];

  constructor(behavior: Misbehavior = {}) {
    this.#behavior = behavior;
    this.#server = createServer((request, response) => void this.#take(request, response));
    this.#server.on("connection", () => (this.connections += 1));
    this.#server.on("upgrade", (request, socket, head) => {
      if (behavior.webSockets === false) {
        socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (peer) => {
        peer.on("message", (data: Buffer) => {
          (behavior.onText ?? echo)(peer, data.toString());
        });
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  openConnections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, n) => {
        if (error === null) resolve(n);
        else reject(error);
      });
    });
  }

  async stop(): Promise<void> {
    for (const peer of this.#sockets.clients) peer.terminate();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks = (await request.toArray()) as Buffer[];
    const text = Buffer.concat(chunks).toString();
    if (request.url === "/orders/check") {
      const { keys } = JSON.parse(text) as { keys: string[] };
      const check =
        this.#behavior.check ?? ((all) => ({ once: all.length, repeated: [], missing: [] }));
      response.end(JSON.stringify(check(keys)));
      return;
    }
    this.seen += 1;
    const n = this.seen;
    const key = request.headers["idempotency-key"];
    if (typeof key === "string") this.keys.push(key);
    if (this.#behavior.instead?.(n, request, response) === true) return;
    response.writeHead(200, this.#behavior.headers?.(n) ?? {});
    response.end(JSON.stringify({ id: n, key }));
  }
}

function echo(socket: WebSocket, text: string): void {
  socket.send(text);
}
