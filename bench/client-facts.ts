/** What the load client is told, and what it tells. */

import type { Color } from "../infra/model.ts";

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
  /** Half on fresh connections, half POST, one in a hundred slow; else GET on kept ones only. */
  readonly mixed: boolean;
  /** The load ends by itself then. */
  readonly ms: number;
}

export type ClientQuestion =
  { readonly kind: "start"; readonly order: ClientOrder } | { readonly kind: "stop" };

/** One request; times as the shared clock has them. */
export interface Sample {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly color: Color | null;
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
