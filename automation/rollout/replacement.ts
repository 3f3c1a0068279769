/** Another release's rollout that a deploy may take the place of, and how that one is given up. Pure. */

import type { Rollout } from "../../infra/model.ts";
import { isByHand } from "../../infra/rules/by-hand.ts";
import { personOf } from "../../infra/rules/owner.ts";
import type { Request } from "../../infra/rules/request.ts";
import type { Action } from "./action.ts";
import type { Deploy } from "./goal.ts";
import type { Situation } from "./situation.ts";

/**
 * The rollout that is in the way, where it is to be replaced. Never one that has switched: its bake
 * decides whether its release stays. Nor what a person has claimed by hand, who wouldn't be told,
 * nor one whose step on the database isn't known to be done.
 */
export function toReplace({ goal, policy, view }: Situation): Rollout | null {
  if (goal.kind !== "Deploy" || goal.version === null) return null;
  if (!(goal.replace ?? policy.whileRollingOut === "replace")) return null;
  const { rollout, database } = view.record;
  if (rollout === null || isByHand(rollout.id) || database?.pending) return null;
  return rollout.phase === "bake" || rollout.phase === "hold" ? null : rollout;
}

/**
 * Ends that rollout by its id, in the record or with its share of the traffic; its driver finds so at
 * its next update. Null where none is to be replaced.
 */
export function replaceFirst(situation: Situation<Deploy>): Action | null {
  const rollout = toReplace(situation);
  if (rollout === null) return null;
  const { id, version, phase } = rollout;
  const as = `give up rollout ${id} of ${version} in its ${phase}, for ${String(situation.goal.version)}`;
  return { kind: "Update", as, request: endOf(rollout, situation) };
}

function endOf({ id: rolloutId, phase }: Rollout, { goal, self }: Situation<Deploy>): Request {
  const by = personOf(self.owner);
  const reason = `replaced by ${String(goal.version)} (${by})`;
  if (phase !== "shift") return { kind: "Abort", reason, rolloutId, untouched: false };
  return { kind: "RollBack", reason, by, rolloutId, beforeSwitch: true, pin: false };
}
