/** Tells whatever works for a call of the engine that nobody waits for its result any more. */

import { AsyncLocalStorage } from "node:async_hooks";

const signals = new AsyncLocalStorage<AbortSignal>();

/** Within the work, and all that it starts, `callSignal` is this one. */
export function withCallSignal<T>(signal: AbortSignal, work: () => T): T {
  return signals.run(signal, work);
}

/** Undefined outside of a call: a process of its own ends with its engine instead. */
export function callSignal(): AbortSignal | undefined {
  return signals.getStore();
}
