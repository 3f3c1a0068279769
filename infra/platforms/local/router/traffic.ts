/** Counts the requests of a color since the router started. */

import { patienceMs } from "../../../patience.ts";
import type { TrafficStatus } from "./protocol.ts";

const bucketCount = 34;
const smallestMs = 0.5;

/** Upper bounds in milliseconds, each a factor of the square root of two: 0.5 ms to 46 s. */
export const latencyBoundsMs: readonly number[] = Array.from(
  { length: bucketCount },
  (_, index) => smallestMs * 2 ** (index / 2),
);

/** Index of the bucket of a latency; `bucketCount` for one above every bound. */
export function bucketOf(ms: number): number {
  if (ms <= smallestMs) return 0;
  return Math.min(Math.ceil(Math.log2(ms / smallestMs) * 2), bucketCount);
}

/**
 * One kind of traffic of one color. A request counts when its fate is known (its reply's head, or
 * an error), so that a color which only hangs never looks like one that answers well.
 */
export class TrafficCounter {
  #requests = 0;
  #errors = 0;
  #abandoned = 0;
  #open = 0;
  #upgraded = 0;
  #lastRequestMs = 0;
  #latencySumMs = 0;
  readonly #latencies = new Array<number>(bucketCount + 1).fill(0);

  get open(): number {
    return this.#open;
  }

  get upgraded(): number {
    return this.#upgraded;
  }

  began(nowMs: number): void {
    this.#open += 1;
    this.#lastRequestMs = nowMs;
  }

  replied(status: number, latencyMs: number): void {
    this.#requests += 1;
    if (status >= 500) this.#errors += 1;
    this.#latencySumMs += latencyMs;
    const bucket = bucketOf(latencyMs);
    this.#latencies[bucket] = (this.#latencies[bucket] ?? 0) + 1;
  }

  /**
   * The client left before a reply, for which it waited so long. After little time that is neither
   * a good answer nor the color's error; else it is an error, though none with a latency.
   */
  abandoned(waitedMs: number): void {
    if (waitedMs < patienceMs) {
      this.#abandoned += 1;
      return;
    }
    this.#requests += 1;
    this.#errors += 1;
  }

  /** The reply broke off after its head was counted as a good one. */
  brokeOff(): void {
    this.#errors += 1;
  }

  ended(): void {
    this.#open -= 1;
  }

  upgradedBegan(): void {
    this.#upgraded += 1;
  }

  upgradedEnded(): void {
    this.#upgraded -= 1;
  }

  status(): TrafficStatus {
    return {
      requests: this.#requests,
      errors: this.#errors,
      abandoned: this.#abandoned,
      open: this.#open,
      upgraded: this.#upgraded,
      lastRequestAt: this.#lastRequestMs === 0 ? null : new Date(this.#lastRequestMs).toISOString(),
      latency: {
        boundsMs: latencyBoundsMs,
        counts: [...this.#latencies],
        sumMs: this.#latencySumMs,
      },
    };
  }
}

/** Both kinds of traffic of one color. */
export class ColorCounters {
  readonly live = new TrafficCounter();
  readonly preview = new TrafficCounter();

  get open(): number {
    return this.live.open + this.preview.open;
  }

  get upgraded(): number {
    return this.live.upgraded + this.preview.upgraded;
  }
}
