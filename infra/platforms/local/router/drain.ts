/** Gives a color that lost its traffic a deadline for its upgraded connections. */

import type { DrainStatus } from "./protocol.ts";
import type { ColorCounters } from "./traffic.ts";
import type { Tunnel } from "./tunnel.ts";

export class Drain {
  readonly #counters: ColorCounters;
  readonly #tunnels: ReadonlySet<Tunnel>;
  #sinceMs: number | null = null;
  #untilMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(counters: ColorCounters, tunnels: ReadonlySet<Tunnel>) {
    this.#counters = counters;
    this.#tunnels = tunnels;
  }

  /** The color has no share of new requests any more. */
  begin(drainMs: number): void {
    this.cancel();
    this.#sinceMs = Date.now();
    this.#untilMs = this.#sinceMs + drainMs;
    this.#timer = setTimeout(() => {
      for (const tunnel of this.#tunnels) tunnel.end();
    }, drainMs);
    this.#timer.unref();
  }

  /** The color has traffic again, or the router is gone. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#sinceMs = null;
  }

  /** Null when the color drains nothing. */
  status(): DrainStatus | null {
    const { open, upgraded } = this.#counters;
    if (this.#sinceMs === null || open === 0) return null;
    return {
      since: new Date(this.#sinceMs).toISOString(),
      until: new Date(this.#untilMs).toISOString(),
      requests: open - upgraded,
      upgraded,
    };
  }
}

/** What a flip means for the drains of both colors. */
export function drainAction(traffic: {
  readonly before: boolean;
  readonly after: boolean;
}): "begin" | "cancel" | "keep" {
  if (traffic.after) return "cancel";
  return traffic.before ? "begin" : "keep";
}
