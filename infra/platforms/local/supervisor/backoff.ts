/** How long an instance that ends again and again waits before its next start. */

import { nowMs } from "./waiting.ts";

/** So many ends, without having been healthy for long in between, are a crash loop. */
export const crashLoopEnds = 3;

const firstPauseMs = 250;
const longestPauseMs = 30_000;
const stableAtMostMs = 60_000;

export class Backoff {
  readonly #now: () => number;
  #ends = 0;
  #nextStart = 0;
  #healthySince: number | null = null;
  /** The command can't be run at all: that is as bad as a crash loop, at once. */
  #hopeless = false;

  /** @param now milliseconds of a clock that never goes back; default: this process's */
  constructor(now: () => number = nowMs) {
    this.#now = now;
  }

  /** Ends since it last was healthy for long. */
  get ends(): number {
    return this.#ends;
  }

  get isCrashLoop(): boolean {
    return this.#hopeless || this.#ends >= crashLoopEnds;
  }

  /** Milliseconds until it may be started. */
  get pauseMs(): number {
    return Math.max(0, this.#nextStart - this.#now());
  }

  ended(hopeless: boolean): void {
    this.#ends += 1;
    this.#hopeless = hopeless;
    this.#healthySince = null;
    const pauseMs = firstPauseMs * 2 ** Math.min(this.#ends - 1, 20);
    this.#nextStart = this.#now() + Math.min(pauseMs, longestPauseMs);
  }

  /** Healthy for as long as a start may take (a minute at most) makes up for former ends. */
  healthy(startMs: number): void {
    this.#healthySince ??= this.#now();
    if (this.#now() - this.#healthySince >= Math.min(startMs, stableAtMostMs)) this.#ends = 0;
  }

  unhealthy(): void {
    this.#healthySince = null;
  }

  /** Starts as if it had never ended: somebody gave another order. */
  forgive(): void {
    this.#ends = 0;
    this.#nextStart = 0;
    this.#hopeless = false;
  }
}
