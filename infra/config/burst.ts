/** How long a burst of the check `load` may take. Pure. */

const minLagMs = 500;
const maxLagMs = 2_000;

/** Milliseconds that its last requests may be late: a tenth of its time, within limits. */
export function lagMs(forMs: number): number {
  return Math.min(maxLagMs, Math.max(minLagMs, forMs / 10));
}

/** Milliseconds until its last answer is there, or given up. */
export function burstMs({ forMs, timeoutMs }: { forMs: number; timeoutMs: number }): number {
  return Math.ceil(forMs + lagMs(forMs) + timeoutMs);
}
