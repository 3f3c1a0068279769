/** How long attempts take at most: the pauses between them, and the end of a program. Pure. */

const firstBackoffMs = 100;
const maxBackoffMs = 5_000;

/** From the polite signal to a program to the one that can't be refused. */
export const killGraceMs = 500;

/** Beyond a program's own time, for ending it. */
export const endingMs = killGraceMs + 1_000;

/** Milliseconds before an attempt: none before the first, then twice as long each time. */
export function pauseBefore(retry: number): number {
  return retry === 0 ? 0 : Math.min(maxBackoffMs, firstBackoffMs * 2 ** (retry - 1));
}

/** Milliseconds that all attempts take at most, when each takes `attemptMs`. */
export function longest(retries: number, attemptMs: number): number {
  const pauses = Array.from({ length: retries + 1 }, (_, retry) => pauseBefore(retry));
  return pauses.reduce((sum, pauseMs) => sum + pauseMs + attemptMs, 0);
}
