/** Clients that wait for replies: which connections, and whether they are still there. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The replies that each connection still waits for; several when requests are pipelined. */
export class WaitingClients {
  readonly #replies = new WeakMap<Socket, Set<ServerResponse>>();

  /** True while a reply on the connection is owed: another protocol can't begin before it. */
  has(socket: Socket): boolean {
    return (this.#replies.get(socket)?.size ?? 0) > 0;
  }

  /** HTTP tells only the first reply of a connection that it closed; here all of them learn it. */
  add({ socket }: IncomingMessage, res: ServerResponse): void {
    const replies = this.#replies.get(socket) ?? this.#follow(socket);
    replies.add(res);
    res.once("close", () => {
      replies.delete(res);
    });
  }

  #follow(socket: Socket): Set<ServerResponse> {
    const replies = new Set<ServerResponse>();
    this.#replies.set(socket, replies);
    socket.once("close", () => {
      for (const res of replies) res.emit("close");
    });
    return replies;
  }
}

/** More than this isn't read ahead: then the end of the connection is noticed later. */
const maxEarlyBytes = 65_536;

/**
 * A client that asked for an upgrade. HTTP reads its connection no more, so nobody would notice
 * that it left; here it is read, and what it says too early is kept for the instance.
 */
export class UpgradingClient {
  readonly #socket: Socket;
  readonly #early: Buffer[];
  #bytes: number;
  readonly #keep = (bytes: Buffer): void => {
    this.#early.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes > maxEarlyBytes) this.#socket.pause();
  };
  readonly #leave = (): void => {
    this.#socket.destroy();
  };

  /** `first` are the bytes that came right behind the request's head. */
  constructor(socket: Socket, first: Buffer) {
    this.#socket = socket;
    this.#early = [first];
    this.#bytes = first.length;
    socket.on("data", this.#keep);
    socket.once("end", this.#leave);
  }

  /** What the client has said so far; from now on the connection is the caller's to read. */
  take(): Buffer {
    this.#socket.off("data", this.#keep);
    this.#socket.off("end", this.#leave);
    return Buffer.concat(this.#early);
  }
}
