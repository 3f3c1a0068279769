/** A clock that moves only when it is told to. */

import type { Clock } from "../../../infra/clock.ts";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

export class VirtualClock implements Clock {
  private time = 0;
  private sleepers: Sleeper[] = [];

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const sleeper = {
      atMs: this.time + ms,
      wake: () => {
        resolve(undefined);
      },
    };
    const leave = () => {
      this.sleepers = this.sleepers.filter((other) => other !== sleeper);
      reject(new DOMException("aborted", "AbortError"));
    };
    if (signal?.aborted) leave();
    else {
      this.sleepers.push(sleeper);
      signal?.addEventListener("abort", leave, { once: true });
    }
    return promise;
  }

  /** Moves on by `ms`, waking sleepers in their order. */
  async advance(ms: number): Promise<void> {
    const endMs = this.time + ms;
    for (;;) {
      await settled();
      const next = this.sleepers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.time = next.atMs;
      this.sleepers = this.sleepers.filter((other) => other !== next);
      next.wake();
    }
    this.time = endMs;
  }
}

/** Lets everything run that waits for nothing but promises. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
