/** Whose rollout it is: which one a run goes on with, and how it becomes its owner. Pure. */

import { claimedBy, liveClaim } from "../../infra/rules/claim.ts";
import type { Color, Owner, Rollout, RouterRecord } from "../../infra/model.ts";
import { isByHand } from "../../infra/rules/by-hand.ts";
import type { Observed } from "../../infra/observation.ts";
import { sameOwner } from "../../infra/rules/owner.ts";
import type { ClaimColor } from "../../infra/rules/request.ts";
import { instant } from "../../infra/rules/view.ts";
import type { Action } from "./action.ts";
import type { Deploy, Self, SwitchTo } from "./goal.ts";
import { stepIn } from "./shift-steps.ts";
import type { Situation } from "./situation.ts";

/**
 * The rollout that this goal continues; a finished one counts only for the run that made it. A run
 * has one rollout: whatever stands in its place is another's, also one of the same release.
 */
export function openRollout(situation: Situation<Deploy | SwitchTo>): Rollout | null {
  const { goal, view, memory } = situation;
  const { rollout } = view.record;
  if (!rollout) return null;
  if (memory.rolloutId !== null) return rollout.id === memory.rolloutId ? rollout : null;
  if (rollout.phase === "hold" || isByHand(rollout.id)) return null;
  if (mayStillBeFilled(situation, rollout)) return null;
  if (goal.kind === "SwitchTo") {
    return rollout.kind === "switch" && rollout.color === goal.color ? rollout : null;
  }
  return goal.version === null || isSameRelease(goal, rollout) ? rollout : null;
}

/** The same version under other settings is another release. */
function isSameRelease(goal: Deploy, { version, digest }: Rollout): boolean {
  if (goal.version !== version) return false;
  return goal.digest === null || digest === null || goal.digest === digest;
}

/**
 * True where the claim ran out of an owner who may be alive and still fill the color: then a new
 * rollout fills it again, so that no two owners work on one.
 */
function mayStillBeFilled({ view, self }: Situation, rollout: Rollout): boolean {
  const owner = view.record.claim?.owner ?? null;
  if (rollout.phase !== "provision" || owner === null) return false;
  if (sameOwner(owner, self.owner) || self.isDead(owner)) return false;
  return liveClaim(view.record, view.nowMs) === null;
}

/** True while a run that may be alive works on a shift: its next share wouldn't wait for anybody. */
export function isShifting(
  { rollout, claim }: Pick<RouterRecord, "rollout" | "claim">,
  { isDead }: Pick<Self, "isDead">,
): boolean {
  const owner = claim?.owner ?? null;
  return rollout?.phase === "shift" && owner !== null && !isDead(owner);
}

/** An update that makes this run the owner; null when it is already. */
export function takeOwnership(situation: Situation, rollout: Rollout): Action | null {
  const { view, self, policy, memory } = situation;
  const { claim } = view.record;
  if (rollout.phase === "hold") return null;
  if (memory.rolloutId === rollout.id && claim && sameOwner(claim.owner, self.owner)) return null;
  const live = liveClaim(view.record, view.nowMs);
  const replaces = live?.owner ?? null;
  if (replaces && !sameOwner(replaces, self.owner) && !self.isDead(replaces)) {
    return live ? { kind: "Fail", error: claimedBy(live, rollout) } : null;
  }
  return {
    kind: "Update",
    as: `go on with ${rollout.id} (${rollout.version}) in its ${rollout.phase}`,
    request: {
      kind: "Claim",
      rolloutId: rollout.id,
      rollout: rollout.kind,
      color: rollout.color,
      version: rollout.version,
      owner: self.owner,
      until: instant(view.nowMs + policy.claimMs + stepMs(situation, rollout)),
      replaces,
      force: true,
    },
  };
}

/** The claim must outlive the step that a shift is in, held as long as it may be. */
function stepMs({ view, policy }: Situation, { phase, color }: Rollout): number {
  const step = policy.steps[stepIn(policy.steps, view.record.weights, color)];
  return phase === "shift" && step ? step.forMs + (policy.holdMs ?? 0) : 0;
}

/** The owner of the claim that keeps others out, where it is known to be dead and stays so. */
export function deadOwner({ view, self }: Situation): Owner | null {
  const owner = liveClaim(view.record, view.nowMs)?.owner ?? null;
  const { rollout } = view.record;
  const byPerson = rollout !== null && isByHand(rollout.id);
  return owner && !byPerson && self.isDead(owner) ? owner : null;
}

export function claimFor(
  situation: Situation,
  rollout: ClaimColor["rollout"],
  color: Color,
  version: string,
): ClaimColor {
  const { self, view, policy } = situation;
  return {
    kind: "Claim",
    rolloutId: self.rolloutId,
    rollout,
    color,
    version,
    owner: self.owner,
    until: instant(view.nowMs + policy.claimMs),
    replaces: deadOwner(situation),
    force: true,
  };
}

/** The release that is meant; null: whatever is open is to be finished. */
export function versionToDeploy(
  { rollout }: RouterRecord,
  meant: { readonly named: string | null; readonly configured: string | null },
): string | null {
  const open = rollout !== null && rollout.phase !== "hold";
  return meant.named ?? (open ? null : meant.configured);
}

/**
 * The release of a rollout whose owner can't be asked: it is filled in anew. What a person filled
 * by hand is theirs, and has no version that could be filled in.
 */
export function unfinishedVersion({ record: { rollout } }: Observed): string | null {
  if (rollout === null || rollout.phase === "hold" || isByHand(rollout.id)) return null;
  return rollout.version;
}
