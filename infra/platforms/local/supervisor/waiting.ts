/** Waiting with a deadline, for as long as nobody interrupts. */

import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds on a clock that never jumps; only differences mean anything. */
export function nowMs(): number {
  return performance.now();
}

/** Returns after `ms`, or as soon as `signal` is aborted; it never throws. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(Math.max(0, ms), undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}

export interface Patience {
  readonly withinMs: number;
  /** Milliseconds between two looks; 50 by default. */
  readonly everyMs?: number;
}

/** True as soon as `isSo` says so, false when it didn't in time; it looks at least once. */
export async function waitUntil(isSo: () => boolean, patience: Patience): Promise<boolean> {
  const deadline = nowMs() + patience.withinMs;
  for (;;) {
    if (isSo()) return true;
    const left = deadline - nowMs();
    if (left <= 0) return false;
    await pause(Math.min(left, patience.everyMs ?? 50));
  }
}
