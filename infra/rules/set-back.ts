/** What the router is told when a flip isn't served and goes back to where it was. Pure. */

import type { Instant, Pin, Release } from "../model.ts";
import { byHand } from "../model.ts";
import type { DirectRoutes } from "../platform.ts";
import type { View } from "./view.ts";

/** Whom a pin names that no person asked for. */
const by = "the proof of its switch";

/** A release that answered with errors once it had the traffic. */
export interface Failed {
  readonly release: Release;
  readonly reason: string;
  readonly at: Instant;
}

/**
 * As it was before the flip. With a release that failed its pin is left there, until an update has
 * recorded it: whoever is killed before that doesn't leave the way open for the same switch again.
 */
export function setBackRoutes(
  { record, reading, drift }: Pick<View, "record" | "reading" | "drift">,
  replaces: number,
  failed: Failed | null,
): DirectRoutes {
  const { weights, generation } = record;
  const { rolloutId, mark, former } = reading;
  const routes = { weights, generation, rolloutId: rolloutId ?? byHand, former, replaces };
  if (failed === null) return { ...routes, mark };
  const { release, reason, at } = failed;
  const pin: Pin = { ...release, reason, by, at, until: null };
  // Forth and back are two changes: the generations' count still tells which color had which.
  const left = { generation: generation + 2, at, by, reason, pin };
  // A rollback that isn't recorded yet is still to be taken over as one.
  return { ...routes, mark: drift.kind === "direct" ? left : { ...left, setBack: true } };
}
