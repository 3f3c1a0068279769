/** What a router counts of each color's requests: types, no I/O. */

import type { Instant } from "./owner.ts";

/** Requests that a router served from one color since that router started counting. */
export interface TrafficCount {
  readonly requests: number;
  /** Replies with status 5xx, and requests that got no reply. */
  readonly errors: number;
}

export interface ColorTraffic extends TrafficCount {
  /** Requests in flight and open upgraded connections. */
  readonly open: number;
  readonly lastRequestAt: Instant | null;
  /** Since the router started; absent where it isn't measured per color. */
  readonly latency?: LatencyHistogram | undefined;
}

/** How many replies took how long. */
export interface LatencyHistogram {
  /** Upper bounds in milliseconds, ascending. */
  readonly boundsMs: readonly number[];
  /** One per bound, and a last one for what is above every bound. */
  readonly counts: readonly number[];
}
