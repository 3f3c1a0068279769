/** Errors that an update has ended with: a promise that rejects with the same one later is no news. */

const reported = new WeakSet<object>();

/** Returns it, to be thrown. */
export function reportedError<E extends Error>(error: E): E {
  reported.add(error);
  return error;
}

/** True for a reason that somebody was told of already, or that wraps one. */
export function isReported(reason: unknown): boolean {
  if (!(reason instanceof Error)) return false;
  return reported.has(reason) || (reason.cause instanceof Error && reported.has(reason.cause));
}
