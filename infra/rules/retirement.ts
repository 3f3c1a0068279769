/** When the idle color may be detached for good, and when that is done. Pure. */

import { BlueGreenError } from "../errors.ts";
import type { RouterRecord } from "../model.ts";
import { claimedBy, isUnfinished, liveClaim, withoutRollout } from "./claim.ts";
import type * as request from "./request.ts";
import { refuseServing } from "./rollout.ts";
import type { View } from "./view.ts";

/**
 * The record with the color marked: it gets no traffic again as it is.
 * @throws COLOR_SERVES, CLAIMED, ROLLOUT_OPEN, WINDOW_OPEN
 */
export function retire(view: View, asked: request.Retire): RouterRecord {
  const { record: now } = view;
  const { color } = asked;
  refuseServing(view, color, "be retired");
  if (now.retiring === color) return now;
  const refusal = stillNeeded(view, asked);
  if (refusal) throw refusal;
  const unfinished = isUnfinished(now, color, view.colors[color]);
  const { claim } = withoutRollout(now);
  const cleared = { previousRelease: null, rollbackUntil: null, rollout: null };
  return { ...now, ...cleared, claim: unfinished ? claim : null, retiring: color };
}

/** What or who needs the idle color still; null when it may go. */
export function stillNeeded(
  { record: now, nowMs }: View,
  { color, force }: Pick<request.Retire, "color" | "force">,
): BlueGreenError | null {
  const live = liveClaim(now, nowMs);
  const { rollout } = now;
  const needed = rollout !== null && rollout.phase !== "hold" && rollout.former === color;
  if (live && (live.color === color || needed)) return claimedBy(live, rollout);
  if (force) return null;
  if (needed) {
    const sentence = `${color} is the way back of rollout ${rollout.id}, left in its ${rollout.phase}`;
    return new BlueGreenError("ROLLOUT_OPEN", sentence, {
      hint: "finish it with `bluegreen deploy` (no version), or go back: `bluegreen rollback`",
    });
  }
  const until = [now.rollbackUntil, now.claim?.color === color ? now.claim.until : null]
    .filter((end) => end !== null)
    .find((end) => Date.parse(end) > nowMs);
  if (until === undefined) return null;
  return new BlueGreenError("WINDOW_OPEN", `${color} is kept until ${until}`, {
    hint: "wait, or give it up now with `bluegreen retire --now`",
  });
}

/** @throws COLOR_BUSY while its stack isn't empty */
export function retired(view: View, asked: request.Retired): RouterRecord {
  const { color } = asked;
  if (view.record.retiring !== color) return view.record;
  if (view.colors[color]) {
    throw new BlueGreenError("COLOR_BUSY", `${color}'s stack isn't empty yet`, {
      hint: "finish with `bluegreen retire`",
    });
  }
  const { claim } = view.record;
  return { ...view.record, retiring: null, claim: claim?.color === color ? null : claim };
}
