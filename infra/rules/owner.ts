/** Who an owner is: for the record, for people, and compared with another. Pure. */

import type { Owner } from "../model.ts";

export function sameOwner(a: Owner | null, b: Owner | null): boolean {
  if (a === null || b === null) return a === b;
  return a.host === b.host && a.pid === b.pid && a.started === b.started;
}

/** As the record keeps who did something: `ann on build-3`. */
export function personOf({ user, host }: Pick<Owner, "user" | "host">): string {
  return `${user} on ${host}`;
}

/** With the process, so that a person can find it. */
export function describeOwner(owner: Owner | null): string {
  return owner ? `${personOf(owner)} (process ${owner.pid})` : "nobody at the moment";
}
