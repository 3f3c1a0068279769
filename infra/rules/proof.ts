/** Which flip an update has to see in the data plane before it may be recorded. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { Color, RouterRecord, Weights } from "../model.ts";
import { hasAll } from "../model.ts";
import { attachments } from "./attachment.ts";
import type { Request } from "./request.ts";
import { directWayBack } from "./transition.ts";
import type { Moved } from "./traffic.ts";
import type { View } from "./view.ts";

export interface Unproven {
  readonly color: Color;
  readonly rollback: boolean;
  /** What traffic goes back to, unless it was a rollback. */
  readonly former: Pick<View, "record" | "reading">;
}

/** What was seen, with the record as it stands in the router's stack. */
export type Seen = View & { readonly stored: RouterRecord };

/**
 * The own flip of an update to all traffic, or that of an update of ours that was cut short before it was seen to
 * be served. Null where nothing is moved, or all that was moved is proven.
 * @throws DRIFT where the update would detach the color that an unproven flip may have to go back to
 */
export function unprovenFlip(view: Seen, asked: Request, moved: Moved): Unproven | null {
  const { record, drift } = view;
  const { activation, record: next } = moved;
  if (activation) {
    const { color, rollback } = activation;
    if (!hasAll(next.weights, color)) return null;
    return { color, rollback, former: { record, reading: view.reading } };
  }
  const { activeColor: color } = record;
  if (color === null || !hasAll(record.weights, color) || !hasAll(next.weights, color)) return null;
  if (drift.kind === "interrupted") {
    refuseLoss(view, next);
    return { color, rollback: false, former: beforeThat(view) };
  }
  const again = asked.kind === "RollBack" && drift.kind === "direct";
  return again ? { color, rollback: true, former: beforeThat(view) } : null;
}

/** A share that the router must say it serves: few probes would meet a small one. */
export function unprovenShare({ activation, record }: Moved): Weights | null {
  if (activation === null || hasAll(record.weights, activation.color)) return null;
  return record.weights;
}

/** The router tells already what the flip that was cut short has made the way back. */
function beforeThat(view: Seen): Unproven["former"] {
  const { stored, reading } = view;
  return { record: stored, reading: { ...reading, former: directWayBack(view, stored) } };
}

function refuseLoss(view: Seen, next: RouterRecord): void {
  const { stored, reading, drift, record } = view;
  const former = stored.activeColor;
  if (former === null || drift.kind !== "interrupted" || former === record.activeColor) return;
  if (reading.attached[former].length === 0 || attachments(view, next)[former].length > 0) return;
  throw new BlueGreenError("DRIFT", `${drift.sentence}, and isn't proven to be served`, {
    hint: `\`bluegreen up\` proves it or goes back to ${former}; then run this again`,
  });
}
