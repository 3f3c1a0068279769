/** Waits for what a test expects, with a deadline that names what didn't come. */

import { setTimeout as sleep } from "node:timers/promises";

/** Polls until the function returns something else than null. */
export async function eventually<T>(
  what: string | (() => string),
  look: () => Promise<T | null> | T | null,
  limitMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== null) return seen;
    if (Date.now() > deadline) {
      throw new Error(`not within ${limitMs} ms: ${typeof what === "string" ? what : what()}`);
    }
    await sleep(20);
  }
}
