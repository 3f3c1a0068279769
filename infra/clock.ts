/** Time as a port: everything timed takes a clock, so that tests and simulations can turn it. */

import { setTimeout as timer } from "node:timers/promises";

export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with an `AbortError` when the signal comes first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
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
