/** One try of a request at one instance: the connection, the sending, and how it failed. */

import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import { request as openRequest } from "node:http";
import type { Socket } from "node:net";

import type { RequestHead } from "./headers.ts";
import { pairs } from "./headers.ts";
import type { Instance } from "./instances.ts";
import type { UpstreamLimits } from "./upstream.ts";
import { isReset } from "./upstream.ts";

export interface Failure {
  /**
   * unreached: no connection, so nothing was sent. stale: a kept connection that the instance had
   * closed before it answered a byte. unfinished: the client owes a part of its body. broken:
   * anything else; the instance may have acted.
   */
  readonly kind: "unreached" | "stale" | "unfinished" | "broken";
  /** True when a deadline passed. */
  readonly late: boolean;
  readonly error: NodeJS.ErrnoException;
}

/** At most one of `replied`, `upgraded` and `failed` is called, once. */
export interface AttemptEvents {
  readonly replied: (reply: IncomingMessage) => void;
  readonly continued: () => void;
  readonly upgraded: (reply: IncomingMessage, socket: Socket, first: Buffer) => void;
  readonly failed: (failure: Failure) => void;
}

export interface AttemptStart {
  readonly instance: Instance;
  readonly agent: Agent;
  readonly head: RequestHead;
  /** Read only once there is a connection: until then the body is intact. */
  readonly body: IncomingMessage;
  readonly limits: UpstreamLimits;
  readonly upgrade: boolean;
}

export class Attempt {
  readonly #start: AttemptStart;
  readonly #events: AttemptEvents;
  readonly #upstream: ClientRequest;
  #connected = false;
  /** Bytes that a reused connection had received before this request; null for a fresh one. */
  #readBefore: number | null = null;
  #late = false;
  /** True while the client may wait for the instance's word before it sends its body. */
  #awaitsContinue: boolean;
  #owing = false;
  #settled = false;
  #wholeAtMs: number | null = null;

  /** @throws when the request can't be written as HTTP. */
  constructor(start: AttemptStart, events: AttemptEvents) {
    this.#start = start;
    this.#events = events;
    this.#awaitsContinue = start.head.expectsContinue;
    const { instance, head, agent, limits } = start;
    this.#upstream = openRequest({
      host: instance.host,
      port: instance.port,
      method: head.method,
      path: head.path,
      headers: head.headers,
      agent,
      setHost: false,
      timeout: limits.replyMs,
    });
    this.#listen();
    if (!head.hasBody) this.#upstream.end();
  }

  /** True once the whole request was handed to the system. */
  get isSent(): boolean {
    return this.#upstream.writableFinished;
  }

  /** When the client's whole body had come, by `performance.now`; null: not yet, or it has none. */
  get wholeAtMs(): number | null {
    return this.#wholeAtMs;
  }

  destroy(): void {
    this.#settled = true;
    this.#upstream.destroy();
  }

  /** An early reply: what is left of the body isn't wanted any more. */
  leaveBody(): void {
    this.#start.body.unpipe(this.#upstream);
  }

  #listen(): void {
    const upstream = this.#upstream;
    upstream.on("socket", (socket) => {
      this.#onSocket(socket);
    });
    upstream.on("response", (reply) => {
      this.#settled = true;
      this.#events.replied(reply);
    });
    upstream.on("error", (error) => {
      this.#onError(error);
    });
    // An answer that HTTP makes neither a reply nor an error of, as a 101 that nobody asked for.
    upstream.on("close", () => {
      this.#onError(new Error("closed without a reply"));
    });
    upstream.on("timeout", () => {
      if (!this.#settled) this.#giveUp();
    });
    upstream.on("continue", () => {
      if (this.#awaitsContinue) this.#events.continued();
      this.#awaitsContinue = false;
    });
    if (!this.#start.upgrade) return;
    upstream.on("upgrade", (reply, socket, first) => {
      this.#settled = true;
      this.#events.upgraded(reply, socket, first);
    });
  }

  #onSocket(socket: Socket): void {
    if (!socket.connecting) {
      this.#readBefore = this.#upstream.reusedSocket ? socket.bytesRead : null;
      this.#onConnected();
      return;
    }
    const deadline = setTimeout(() => {
      this.#giveUp();
    }, this.#start.limits.connectMs);
    socket.once("close", () => {
      clearTimeout(deadline);
    });
    socket.once("connect", () => {
      clearTimeout(deadline);
      this.#onConnected();
    });
  }

  #onConnected(): void {
    const { body, head } = this.#start;
    this.#connected = true;
    if (!head.hasBody) return;
    body.on("end", () => {
      this.#wholeAtMs = performance.now();
      if (body.rawTrailers.length > 0) this.#upstream.addTrailers(pairs(body.rawTrailers));
    });
    body.pipe(this.#upstream);
  }

  #giveUp(): void {
    this.#late = true;
    this.#owing = this.#clientOwes();
    this.#upstream.destroy(new Error("no answer in time"));
  }

  /** Everything that came from the client was passed on, and it isn't all. */
  #clientOwes(): boolean {
    if (!this.#connected || this.#awaitsContinue || !this.#start.head.hasBody) return false;
    return !this.#start.body.complete && this.#upstream.writableLength === 0;
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#events.failed({ kind: this.#kindOf(error), late: this.#late, error });
  }

  #kindOf(error: NodeJS.ErrnoException): Failure["kind"] {
    if (!this.#connected) return "unreached";
    if (this.#owing) return "unfinished";
    if (this.#readBefore === null || this.#late || !isReset(error)) return "broken";
    return this.#upstream.socket?.bytesRead === this.#readBefore ? "stale" : "broken";
  }
}
