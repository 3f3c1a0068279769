/** The end of what a test file made: also where making it failed half-way, or before. */

import { afterAll } from "vitest";

interface Removable {
  remove(): Promise<void>;
}

/** After the tests of this `describe`; `made` says what `beforeAll` got to. */
export function removeAfterAll<Made extends Removable>(
  made: () => Made | undefined,
  remove: (each: Made) => Promise<void> = (each) => each.remove(),
): void {
  afterAll(async () => {
    const each = made();
    if (each !== undefined) await remove(each);
  });
}
