/**
 * The router's connections to instances: one pool to reuse, one way to get a fresh one. They are
 * node:http's own: proxy libraries pump bytes just as well, but their error callbacks don't tell a
 * reused connection from a fresh one, nor what was sent, and the rules for retries rest on both.
 */

import type { Agent } from "node:http";

import { UpstreamAgent } from "./upstream-socket.ts";

export interface UpstreamLimits {
  /** Deadline for a connection; default 3 s. */
  readonly connectMs: number;
  /** Silence allowed before a reply's head, and to a client within its body; default 120 s. */
  readonly replyMs: number;
  /** Time in which a reply under way must make some progress; default 300 s. */
  readonly stallMs: number;
  /** Instances tried for one request; default 5. */
  readonly maxTries: number;
}

export const defaultUpstreamLimits: UpstreamLimits = {
  connectMs: 3000,
  replyMs: 120_000,
  stallMs: 300_000,
  maxTries: 5,
};

/** Servers often close idle connections after 5 s; the router lets go of them first. */
const idleMs = 4000;
const maxIdlePerInstance = 256;
/** Finds instances that vanished without a word. */
const probeMs = 60_000;

export interface Upstreams {
  /** Only for requests that may be sent twice: an instance can close a connection meanwhile. */
  readonly reused: Agent;
  /** A new connection for each request. */
  readonly fresh: Agent;
}

export function openUpstreams(): Upstreams {
  return {
    reused: new UpstreamAgent({
      keepAlive: true,
      keepAliveMsecs: probeMs,
      timeout: idleMs,
      maxFreeSockets: maxIdlePerInstance,
      scheduling: "lifo",
    }),
    // "Connection: close" would have an instance that doesn't want a body reset the connection.
    fresh: new UpstreamAgent({ keepAlive: true, keepAliveMsecs: probeMs, maxFreeSockets: 0 }),
  };
}

/** True when the fault lies on this machine, so that no instance is to blame. */
export function isLocalFault(error: NodeJS.ErrnoException): boolean {
  return localFaults.has(error.code ?? "");
}

const localFaults = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);

/** True for the ways in which a connection ends that the instance had already let go of. */
export function isReset(error: NodeJS.ErrnoException): boolean {
  return error.code === "ECONNRESET" || error.code === "EPIPE" || error.code === "ECONNABORTED";
}
