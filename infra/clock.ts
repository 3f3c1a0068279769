/** Time as a port: everything timed takes a clock, so that tests and simulations can turn it. */

import { setTimeout as timer } from "node:timers/promises";

export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with an `AbortError` when the signal comes first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Follows the wall clock forward, and never back: a deadline of a run that is under way must not
 * move away by the hour that somebody corrects.
 */
export class ForwardTime {
  private readonly wall: () => number;
  private readonly elapsed: () => number;
  private ahead = -Infinity;

  /** @param elapsed milliseconds since any moment, of a clock that nobody sets */
  constructor(wall: () => number, elapsed: () => number) {
    this.wall = wall;
    this.elapsed = elapsed;
  }

  now(): number {
    const elapsed = this.elapsed();
    this.ahead = Math.max(this.ahead, this.wall() - elapsed);
    return Math.round(elapsed + this.ahead);
  }
}

const time = new ForwardTime(
  () => Date.now(),
  () => performance.now(),
);

export const systemClock: Clock = {
  now: () => time.now(),
  sleep: (ms, signal) => timer(Math.max(0, ms), undefined, signal && { signal }),
};

/** Sleeps; false, and at once, when the signal comes first. */
export async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
