/** One request on its way: to an instance, perhaps to another one, and its reply back. */

import type { Agent, ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { request as openRequest } from "node:http";
import type { Socket } from "node:net";

import type { Color } from "../../../model.ts";
import type { AccessLog } from "./access-log.ts";
import type { RequestHead } from "./headers.ts";
import { rewriteReply } from "./headers.ts";
import type { Instance, InstancePool } from "./instances.ts";
import { formatHead, replyPlainly } from "./plain-reply.ts";
import type { TrafficCounter } from "./traffic.ts";
import { Tunnel } from "./tunnel.ts";
import type { UpstreamLimits, Upstreams } from "./upstream.ts";
import { isLocalFault, isReset } from "./upstream.ts";

/** What all exchanges of a router share. */
export interface DataPlane {
  readonly upstreams: Upstreams;
  readonly limits: UpstreamLimits;
  /** Null while switched off. */
  accessLog: AccessLog | null;
  /** True once the router stops: replies then end their connections. */
  stopping: boolean;
  readonly tunnels: Readonly<Record<Color, Set<Tunnel>>>;
}

/** What an exchange starts with; the color stays, whatever happens to the routes meanwhile. */
export interface ExchangeStart {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly head: RequestHead;
  readonly color: Color;
  readonly preview: boolean;
  readonly pool: InstancePool;
  readonly counter: TrafficCounter;
  /** The client's first bytes behind its head when it asks for an upgrade. */
  readonly upgrade: { readonly first: Buffer } | null;
}

export class Exchange {
  readonly #plane: DataPlane;
  readonly #start: ExchangeStart;
  readonly #startedMs = performance.now();
  readonly #tried: Instance[] = [];
  #tries = 0;
  #upstream: ClientRequest | null = null;
  /** True once the present try has a connection: from then on something may have been sent. */
  #connected = false;
  /** Bytes the present connection had received before this request; null for a fresh one. */
  #readBefore: number | null = null;
  #timedOut = false;
  #status = 0;
  #closed = false;

  constructor(plane: DataPlane, start: ExchangeStart) {
    this.#plane = plane;
    this.#start = start;
  }

  begin(): void {
    const { res, pool, head, counter, upgrade } = this.#start;
    const now = Date.now();
    counter.began(now);
    res.on("close", () => {
      this.#close();
    });
    res.on("error", () => {
      // The client's connection broke while it was written to; "close" follows.
      res.destroy();
    });
    const instance = pool.pick(now, this.#tried);
    const { reused, fresh } = this.#plane.upstreams;
    if (instance === null) this.#refuse(502, "has no instance attached");
    else this.#try(instance, head.repeatable && upgrade === null ? reused : fresh);
  }

  #try(instance: Instance, agent: Agent): void {
    const { head, upgrade, res } = this.#start;
    this.#tries += 1;
    this.#connected = false;
    this.#readBefore = null;
    const upstream = openRequest({
      host: instance.host,
      port: instance.port,
      method: head.method,
      path: head.path,
      headers: head.headers,
      agent,
      setHost: false,
      timeout: this.#plane.limits.replyMs,
    });
    this.#upstream = upstream;
    upstream.on("socket", (socket) => {
      this.#onSocket(upstream, socket);
    });
    upstream.on("response", (reply) => {
      this.#onReply(reply);
    });
    upstream.on("error", (error: NodeJS.ErrnoException) => {
      if (upstream === this.#upstream) this.#onError(instance, error);
    });
    upstream.on("timeout", () => {
      if (this.#status === 0) this.#giveUp(upstream);
    });
    if (head.expectsContinue) {
      upstream.on("continue", () => {
        if (this.#status === 0 && !this.#closed) res.writeContinue();
      });
    }
    if (upgrade !== null) {
      upstream.on("upgrade", (reply, socket, first) => {
        this.#onUpgrade(reply, socket, first);
      });
    }
    if (!head.hasBody) upstream.end();
  }

  /** The body starts to flow only over an open connection: until then it is intact. */
  #onSocket(upstream: ClientRequest, socket: Socket): void {
    if (!socket.connecting) {
      this.#readBefore = upstream.reusedSocket ? socket.bytesRead : null;
      this.#onConnected(upstream);
      return;
    }
    const deadline = setTimeout(() => {
      this.#giveUp(upstream);
    }, this.#plane.limits.connectMs);
    socket.once("close", () => {
      clearTimeout(deadline);
    });
    socket.once("connect", () => {
      clearTimeout(deadline);
      this.#onConnected(upstream);
    });
  }

  #onConnected(upstream: ClientRequest): void {
    const { req, head } = this.#start;
    this.#connected = true;
    if (!head.hasBody) return;
    req.on("end", () => {
      if (req.rawTrailers.length > 0) upstream.addTrailers(pairs(req.rawTrailers));
    });
    req.pipe(upstream);
  }

  #giveUp(upstream: ClientRequest): void {
    this.#timedOut = true;
    upstream.destroy(new Error("no answer in time"));
  }

  #onError(instance: Instance, error: NodeJS.ErrnoException): void {
    if (this.#closed || this.#status !== 0) return;
    const { fresh } = this.#plane.upstreams;
    if (!this.#connected) {
      const another = this.#another(instance, error);
      if (another !== null) {
        this.#timedOut = false;
        this.#try(another, fresh);
        return;
      }
    } else if (this.#wasStale(error)) {
      this.#try(instance, fresh);
      return;
    }
    if (this.#timedOut) this.#refuse(504, "didn't answer in time");
    else this.#refuse(502, "couldn't be reached or broke off");
  }

  /** After a refused connection nothing was sent: any request may go to another instance. */
  #another(instance: Instance, error: NodeJS.ErrnoException): Instance | null {
    const now = Date.now();
    if (!isLocalFault(error)) instance.refuse(now);
    this.#tried.push(instance);
    if (this.#tried.length >= this.#plane.limits.maxTries) return null;
    return this.#start.pool.pick(now, this.#tried);
  }

  /** A kept connection that the instance closed before it answered a single byte. */
  #wasStale(error: NodeJS.ErrnoException): boolean {
    if (this.#readBefore === null || this.#timedOut || !isReset(error)) return false;
    return this.#upstream?.socket?.bytesRead === this.#readBefore;
  }

  #onReply(reply: IncomingMessage): void {
    const { req, res, color, counter } = this.#start;
    const status = reply.statusCode ?? 0;
    if (status < 200) {
      // An upgrade that nobody asked for, or no status at all.
      this.#refuse(502, "gave a reply that can't be passed on");
      reply.destroy();
      return;
    }
    this.#status = status;
    counter.replied(status, performance.now() - this.#startedMs);
    const close = this.#plane.stopping || this.#start.upgrade !== null;
    const headers = rewriteReply(reply.rawHeaders, { color, upgrade: false, close });
    reply.on("error", () => {
      this.#breakOff();
    });
    reply.on("end", () => {
      if (reply.rawTrailers.length > 0) res.addTrailers(pairs(reply.rawTrailers));
      res.end();
      if (!req.complete) this.#leaveBody();
    });
    try {
      res.writeHead(status, reply.statusMessage, headers);
    } catch (error) {
      // A reason phrase that HTTP doesn't allow to be written again.
      reply.destroy(error instanceof Error ? error : undefined);
      return;
    }
    reply.pipe(res, { end: false });
    setImmediate(sendHead, res);
  }

  /** An early reply: what is left of the body is read and dropped. */
  #leaveBody(): void {
    const { req } = this.#start;
    if (this.#upstream !== null) req.unpipe(this.#upstream);
    req.resume();
  }

  #onUpgrade(reply: IncomingMessage, upstream: Socket, first: Buffer): void {
    const { req, res, color, counter, upgrade } = this.#start;
    if (upgrade === null || this.#closed) {
      upstream.destroy();
      return;
    }
    this.#status = 101;
    counter.replied(101, performance.now() - this.#startedMs);
    counter.upgradedBegan();
    const client = req.socket;
    res.detachSocket(client);
    const headers = rewriteReply(reply.rawHeaders, { color, upgrade: true, close: false });
    client.write(formatHead(101, reply.statusMessage ?? "Switching Protocols", headers), "latin1");
    const ends = { client, upstream, fromClient: upgrade.first, fromUpstream: first };
    const tunnels = this.#plane.tunnels[color];
    const tunnel = new Tunnel(ends, () => {
      tunnels.delete(tunnel);
      counter.upgradedEnded();
      this.#close();
    });
    tunnels.add(tunnel);
  }

  /** The client must see that the reply isn't whole. */
  #breakOff(): void {
    if (this.#closed) return;
    if (this.#status < 500) this.#start.counter.brokeOff();
    this.#start.res.destroy();
  }

  #refuse(status: 502 | 504, why: string): void {
    const { res, counter, color } = this.#start;
    this.#status = status;
    counter.replied(status, performance.now() - this.#startedMs);
    this.#leaveBody();
    replyPlainly(res, status, `bluegreen: ${color} ${why}\n`, {
      color,
      close: this.#plane.stopping,
    });
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { res, counter } = this.#start;
    counter.ended();
    if (this.#status === 0) counter.abandoned();
    if (this.#status !== 101 && !res.writableFinished) this.#upstream?.destroy();
    if (this.#plane.accessLog !== null) this.#log(this.#plane.accessLog);
  }

  #log(accessLog: AccessLog): void {
    const { req, head, color, preview } = this.#start;
    accessLog.write({
      client: req.socket.remoteAddress ?? "",
      method: head.method,
      path: head.path.split("?", 1)[0] ?? "",
      status: this.#status === 0 ? 499 : this.#status,
      color,
      preview,
      ms: Math.round((performance.now() - this.#startedMs) * 10) / 10,
      tries: this.#tries,
    });
  }
}

/** A head without a body behind it is sent at once: an event stream may stay silent for long. */
function sendHead(res: ServerResponse): void {
  if (!res.writableEnded && !res.destroyed) res.flushHeaders();
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length >> 1 }, (_, index) => [
    flat[2 * index] ?? "",
    flat[2 * index + 1] ?? "",
  ]);
}
