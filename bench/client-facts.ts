/** What the load client is told, and what it tells. */

import type { Color } from "../infra/model.ts";

/** Response header by which an instance of the bench tells its color; no router touches it. */
export const instanceHeader = "x-bench-instance";

export interface ClientOrder {
  /** `http://host:port` */
  readonly url: string;
  /**
   * `paced`: sends by the clock, whether or not earlier requests were answered;
   * `closed`: each connection sends again as soon as it has its reply.
   */
  readonly mode: "paced" | "closed";
  /** For `paced`. */
  readonly ratePerSecond: number;
  /** Kept connections. */
  readonly connections: number;
  readonly webSockets: number;
  /** Half POST with a body that must come back, one in a hundred slow; else quick GET only. */
  readonly mixed: boolean;
  /** A body that isn't the one that was sent is as good; default false. */
  readonly anyBody?: boolean;
  /** Half on fresh connections; else kept ones only. */
  readonly fresh: boolean;
  /** The load ends by itself then. */
  readonly ms: number;
}

export type ClientQuestion =
  { readonly kind: "start"; readonly order: ClientOrder } | { readonly kind: "stop" };

/** One request; times as the shared clock has them. */
export interface Sample {
  readonly startedAt: number;
  readonly endedAt: number;
  /** What the instance says of itself, else the router's word; null without a reply. */
  readonly color: Color | null;
  readonly post: boolean;
  /** Asked to take a while on purpose. */
  readonly slow: boolean;
  /** Null: whole, with status 200 and the body that was sent. */
  readonly problem: string | null;
}

export interface ClientResult {
  readonly samples: readonly Sample[];
  readonly sockets: {
    readonly sent: number;
    /** Texts without their echo. */
    readonly lost: number;
    readonly closed: number;
  };
  /** Requests that were due but not sent, as too many were unanswered. */
  readonly unsent: number;
}
