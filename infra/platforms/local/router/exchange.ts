/** One request on its way: to an instance, perhaps to another one, and its reply back. */

import type { Agent, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { messageOf } from "../../../errors.ts";
import type { Color } from "../../../model.ts";
import type { AccessLog } from "./access-log.ts";
import type { Failure } from "./attempt.ts";
import { Attempt } from "./attempt.ts";
import type { RequestHead } from "./headers.ts";
import { pairs, rewriteReply, rewriteUpgrade } from "./headers.ts";
import type { Instance, InstancePool } from "./instances.ts";
import { formatHead, replyPlainly } from "./plain-reply.ts";
import type { TrafficCounter } from "./traffic.ts";
import { Tunnel } from "./tunnel.ts";
import type { UpstreamLimits, Upstreams } from "./upstream.ts";
import { isLocalFault } from "./upstream.ts";
import type { UpgradingClient } from "./waiting-clients.ts";

/** What all exchanges of a router share. */
export interface DataPlane {
  readonly upstreams: Upstreams;
  readonly limits: UpstreamLimits;
  /** Null while switched off. */
  accessLog: AccessLog | null;
  /** True once the router stops: replies then end their connections. */
  stopping: boolean;
  readonly tunnels: Readonly<Record<Color, Set<Tunnel>>>;
  /** All that have begun and aren't over. */
  readonly exchanges: Readonly<Record<Color, Set<Exchange>>>;
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
  /** Null unless the client asks for an upgrade. */
  readonly upgrade: UpgradingClient | null;
  /** By which the client stays with the color; null: it need not, or has it already. */
  readonly cookie: string | null;
}

export class Exchange {
  readonly #plane: DataPlane;
  readonly #start: ExchangeStart;
  readonly #startedMs = performance.now();
  /** Instances that couldn't be reached. */
  readonly #unreached: Instance[] = [];
  #tries = 0;
  #attempt: Attempt | null = null;
  /** 0 until a reply was chosen. */
  #status = 0;
  #closed = false;

  constructor(plane: DataPlane, start: ExchangeStart) {
    this.#plane = plane;
    this.#start = start;
  }

  begin(): void {
    const { res, color, pool, head, counter, upgrade } = this.#start;
    const now = Date.now();
    counter.began(now);
    this.#plane.exchanges[color].add(this);
    res.on("close", () => {
      this.#close();
    });
    res.on("error", () => {
      // The client's connection broke while it was written to; "close" follows.
      res.destroy();
    });
    const instance = pool.pick(now, this.#unreached);
    const { reused, fresh } = this.#plane.upstreams;
    if (instance === null) this.#refuse(502, "has no instance attached");
    else this.#try(instance, head.repeatable && upgrade === null ? reused : fresh);
  }

  /** Ends it for the client, whatever is still to come. */
  cut(): void {
    this.#attempt?.destroy();
    if (this.#status === 0) this.#refuse(502, "was cut off: it had to be silent");
    else if (this.#status !== 101) this.#breakOff();
  }

  #try(instance: Instance, agent: Agent): void {
    const { head, upgrade, req, res } = this.#start;
    const { limits } = this.#plane;
    this.#tries += 1;
    try {
      this.#attempt = new Attempt(
        { instance, agent, head, body: req, limits, upgrade: upgrade !== null },
        {
          replied: (reply) => {
            this.#onReply(reply);
          },
          continued: () => {
            if (this.#status === 0 && !this.#closed) res.writeContinue();
          },
          upgraded: (reply, socket, first) => {
            this.#onUpgrade(reply, socket, first);
          },
          failed: (failure) => {
            this.#onFailure(instance, failure);
          },
        },
      );
    } catch (error) {
      this.#refuse(502, `can't be asked: ${messageOf(error)}`);
    }
  }

  /** A retry always gets a fresh connection, so that each instance is tried twice at most. */
  #onFailure(instance: Instance, failure: Failure): void {
    if (this.#closed) return;
    const next = failure.kind === "stale" ? instance : this.#another(instance, failure);
    if (next !== null) this.#try(next, this.#plane.upstreams.fresh);
    else if (failure.kind === "unfinished") this.#giveUpClient();
    else if (failure.late) this.#refuse(504, "didn't answer in time");
    else this.#refuse(502, "couldn't be reached or broke off");
  }

  /** When nothing was sent, any request may go to another instance. */
  #another(instance: Instance, failure: Failure): Instance | null {
    if (failure.kind !== "unreached") return null;
    const now = Date.now();
    if (!isLocalFault(failure.error)) instance.refuse(now);
    this.#unreached.push(instance);
    if (this.#unreached.length >= this.#plane.limits.maxTries) return null;
    return this.#start.pool.pick(now, this.#unreached);
  }

  #onReply(reply: IncomingMessage): void {
    const { res, color, upgrade, cookie } = this.#start;
    const status = reply.statusCode ?? 0;
    if (status < 200) {
      // An upgrade that nobody asked for, or no status at all.
      this.#refuse(502, "gave a reply that can't be passed on");
      reply.destroy();
      return;
    }
    const close = this.#plane.stopping || upgrade !== null;
    const headers = rewriteReply(reply.rawHeaders, { color, close, cookie });
    if (headers === null) {
      this.#refuse(502, "gave a reply in a transfer coding that can't be passed on");
      reply.destroy();
      return;
    }
    this.#settle(status);
    reply.on("error", () => {
      this.#breakOff();
    });
    reply.on("end", () => {
      this.#finish(reply);
    });
    try {
      res.writeHead(status, reply.statusMessage, headers);
    } catch (error) {
      // A reason phrase that HTTP doesn't allow to be written again.
      reply.destroy(error instanceof Error ? error : undefined);
      return;
    }
    res.setTimeout(this.#plane.limits.stallMs, () => {
      this.#onSilence(reply);
    });
    reply.pipe(res, { end: false });
    setImmediate(sendHead, res);
  }

  /**
   * Nothing moved for long. A client that leaves bytes unread won't take them any more, and a reply
   * with a length won't become whole; one without, as an event stream, may just have nothing to say.
   */
  #onSilence(reply: IncomingMessage): void {
    const { res } = this.#start;
    if (res.writableLength > 0) res.destroy();
    else if (reply.headers["content-length"] !== undefined && !reply.complete) this.#breakOff();
  }

  #finish(reply: IncomingMessage): void {
    const { req, res } = this.#start;
    if (reply.rawTrailers.length > 0) res.addTrailers(pairs(reply.rawTrailers));
    res.end();
    if (!req.complete) this.#dropBody();
  }

  #onUpgrade(reply: IncomingMessage, upstream: Socket, first: Buffer): void {
    const { req, res, color, counter, upgrade } = this.#start;
    if (upgrade === null || this.#closed) {
      upstream.destroy();
      return;
    }
    this.#settle(101);
    counter.upgradedBegan();
    const client = req.socket;
    res.detachSocket(client);
    const headers = rewriteUpgrade(reply.rawHeaders, color);
    client.write(formatHead(101, reply.statusMessage ?? "Switching Protocols", headers), "latin1");
    const isWebSocket = reply.headers.upgrade?.toLowerCase() === "websocket";
    const fromClient = upgrade.take();
    const ends = { client, upstream, fromClient, fromUpstream: first, isWebSocket };
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

  /** A body that doesn't come is the client's doing: no answer of the color, nor its error. */
  #giveUpClient(): void {
    this.#start.counter.abandoned(0);
    this.#status = 408;
    this.#dropBody();
    const text = "bluegreen: the request's body didn't come in time\n";
    replyPlainly(this.#start.res, 408, text, { color: this.#start.color, close: true });
  }

  #refuse(status: 502 | 504, why: string): void {
    const { res, color } = this.#start;
    this.#settle(status);
    this.#dropBody();
    const close = this.#plane.stopping || this.#start.upgrade !== null;
    replyPlainly(res, status, `bluegreen: ${color} ${why}\n`, { color, close });
  }

  #settle(status: number): void {
    this.#status = status;
    this.#start.counter.replied(status, performance.now() - this.#startedMs);
  }

  /** What is left of the body is read and dropped, so that the client's connection stays usable. */
  #dropBody(): void {
    this.#attempt?.leaveBody();
    this.#start.req.resume();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { res, color, counter } = this.#start;
    counter.ended();
    this.#plane.exchanges[color].delete(this);
    if (this.#status === 0) counter.abandoned(this.#waitedMs());
    const done = res.writableFinished && this.#attempt?.isSent === true;
    if (this.#status !== 101 && !done) this.#attempt?.destroy();
    if (this.#plane.accessLog !== null) this.#log(this.#plane.accessLog);
  }

  /** How long the client has waited for a reply's head; 0 while it still owes a part of its body. */
  #waitedMs(): number {
    const { req, head } = this.#start;
    if (head.hasBody && !req.complete) return 0;
    return performance.now() - (this.#attempt?.wholeAtMs ?? this.#startedMs);
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
