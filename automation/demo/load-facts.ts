/** What the load counts, as data; times in milliseconds since its start. */
import type { Instant } from "../../infra/model.ts";
import type { OrderCheck } from "./load-orders.ts";

export interface LoadFailure {
  /** Milliseconds since the load began. */
  readonly atMs: number;
  readonly request: string;
  readonly reason: string;
  /** Null where no router said which color answered. */
  readonly color: string | null;
}

export interface SocketCount {
  readonly opened: number;
  /** Handshakes that failed. */
  readonly refused: number;
  /** Closed by the server with a close frame, as a drain does. */
  readonly closed: number;
  /** Ended without a close frame. */
  readonly broken: number;
  readonly sent: number;
  readonly echoed: number;
  /** Texts that got no echo in time, or were under way when a connection broke. */
  readonly lost: number;
  /** Texts that met the server's close frame on their way; it may not answer them any more. */
  readonly crossed: number;
  /** Texts that nobody waited for. */
  readonly unexpected: number;
}

export interface Totals {
  readonly sent: number;
  /** Full answers with a status below 400. */
  readonly ok: number;
  readonly failed: number;
  /** Full answers by status; requests without one are under "none". */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Full answers by the header `x-bluegreen-color`; "unknown" without it. */
  readonly byColor: Readonly<Record<string, number>>;
  /** Full answers by the header `x-version`; "unknown" without it. */
  readonly byVersion: Readonly<Record<string, number>>;
  /** Failures by status and version, as in `500 of 4`; `none of unknown` without a full answer. */
  readonly failedBy: Readonly<Record<string, number>>;
  /** Requests that were due but not sent, because too many were in flight already. */
  readonly unsent: number;
}

/** Everything since the start of the load. */
export interface LoadCount extends Totals {
  readonly startedAt: Instant;
  readonly elapsedMs: number;
  readonly inFlight: number;
  /** Longest time without a success; the time before the first one and the present wait count. */
  readonly longestGapMs: number;
  /** Longest time for which the load's own process was late: such a gap isn't the service's. */
  readonly longestStallMs: number;
  /** The first failures; `failed` is their full number. */
  readonly failures: readonly LoadFailure[];
  /** Of successes, within 5 %; null before the first. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | null;
  readonly posts: { readonly sent: number; readonly ok: number };
  readonly sockets: SocketCount;
  /** Null until the load ended. */
  readonly orders: OrderCheck | null;
}

/** When clients met a version. */
export interface Met {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Null while every answer was a success. */
  readonly firstFailureMs: number | null;
}

/** What happened since the mark before; a request counts as sent then and as ended now. */
export interface LoadStep extends Totals {
  readonly label: string;
  readonly ms: number;
  /** Longest time without a success inside the step. */
  readonly longestGapMs: number;
  /** By version; "unknown" without one. */
  readonly met: Readonly<Record<string, Met>>;
  /** How often requests failed and why, as in `POST /orders: socket hang up`. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly sockets: SocketCount;
}

export type SocketFact = keyof SocketCount;

export type LoadEvent =
  | { readonly kind: "sent"; readonly post: boolean }
  | {
      readonly kind: "ended";
      readonly at: number;
      readonly request: string;
      readonly post: boolean;
      readonly latencyMs: number;
      /** Null without a full answer. */
      readonly status: number | null;
      readonly color: string | null;
      readonly version: string | null;
      /** Null for a success. */
      readonly reason: string | null;
    }
  | { readonly kind: "unsent" }
  | { readonly kind: "stalled"; readonly ms: number }
  | { readonly kind: "socket"; readonly fact: SocketFact }
  /** No more requests are sent: the time from here on is no gap. */
  | { readonly kind: "finished"; readonly at: number };
