/** What a freeze says to whom it stops. Pure. */

import { BlueGreenError } from "../errors.ts";

/** No switch now; a rollback is never frozen. */
export interface Frozen {
  readonly reason: string;
  /** ISO 8601, when switches are allowed again; null where that can't be foreseen. */
  readonly until: string | null;
  /** The same for people, in the settings' time zone. */
  readonly untilThere: string | null;
}

/** The refusal of a switch. */
export function refusedByFreeze({ reason, untilThere }: Frozen): BlueGreenError {
  const end = untilThere === null ? "" : ` until ${untilThere}`;
  return new BlueGreenError("FROZEN", `switches are frozen${end}: ${reason}`, {
    hint:
      "wait, or in an emergency `--override-freeze REASON` (by hand: the variable " +
      "BLUEGREEN_OVERRIDE_FREEZE); a rollback is never frozen",
  });
}
