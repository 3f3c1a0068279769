/** What people do with a plain `pulumi up`: their claims, and the ids of their claims and flips. Pure. */

import type { Color, ColorOutputs, Owner, RouterRecord } from "../model.ts";
import { byHand } from "../model.ts";
import type { ClaimColor } from "./request.ts";

/** Of one claim: a color that was filled under an earlier one must not pass for filled anew. */
export function byHandId(nowMs: number): string {
  return `${byHand}-${new Date(nowMs).toISOString().replace(/\D/g, "")}`;
}

/** True for a claim or a flip of a person; the ids of rollouts begin otherwise. */
export function isByHand(id: string): boolean {
  return id.startsWith(byHand);
}

/**
 * True once a person has filled the color under the claim that is open: nothing is left to be done
 * under it, so that anybody may switch to the color, as a plain `pulumi up` may.
 */
export function isFilledByHand(
  { rollout }: Pick<RouterRecord, "rollout">,
  outputs: ColorOutputs | null,
): boolean {
  if (rollout === null || !isByHand(rollout.id)) return false;
  return outputs?.color === rollout.color && outputs.rolloutId === rollout.id;
}

/** Reserves a color for a person, who fills it with `pulumi up`. */
export function claimByHand(asked: {
  readonly color: Color;
  /** The release of the settings file; null where it names none. */
  readonly version: string | null;
  readonly owner: Owner;
  readonly nowMs: number;
  readonly claimMs: number;
  /** Also while the color's rollback window is open. */
  readonly force: boolean;
}): ClaimColor {
  const { color, version, owner, nowMs, claimMs, force } = asked;
  return {
    kind: "Claim",
    rolloutId: byHandId(nowMs),
    rollout: "deploy",
    color,
    version: version ?? "by hand",
    owner,
    until: new Date(nowMs + claimMs).toISOString(),
    replaces: null,
    force,
  };
}
