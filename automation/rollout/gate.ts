/** What follows the checks: traffic, or the gate at which a person has the word. Pure. */

import { BlueGreenError } from "../../infra/errors.ts";
import type { Rollout } from "../../infra/model.ts";
import { refusedByFreeze } from "../../infra/rules/freeze.ts";
import type { Frozen } from "../../infra/rules/freeze.ts";
import { gateWaiting, isGateOver } from "../../infra/rules/gate.ts";
import { personOf } from "../../infra/rules/owner.ts";
import { instant } from "../../infra/rules/view.ts";
import type { Action } from "./action.ts";
import type { Deploy, SwitchTo } from "./goal.ts";
import { hooksBeforeTraffic } from "./hooks.ts";
import { moveOn } from "./shift.ts";
import type { Situation } from "./situation.ts";

type Moving = Situation<Deploy | SwitchTo>;

/** The color has passed its checks. */
export function afterChecks(situation: Moving, rollout: Rollout, digest: string): Action {
  const { view, policy, self, goal } = situation;
  const permit = goal.kind === "Deploy" ? goal.permit : undefined;
  const gated = policy.gate === "manual" && goal.kind === "Deploy" && rollout.kind === "deploy";
  const { id: rolloutId } = rollout;
  const tested = hooksBeforeTraffic(situation, "POST_TEST_TRAFFIC_SHIFT", rollout);
  if (tested) return tested;
  if (gated && rollout.phase === "check") {
    const until = instant(view.nowMs + policy.gateMs);
    return { kind: "Update", request: { kind: "Wait", rolloutId, digest, until } };
  }
  // Where a freeze refuses the switch, they would run for nothing.
  const last = view.frozen ? null : "PRE_PRODUCTION_TRAFFIC_SHIFT";
  const hooks = last && hooksBeforeTraffic(situation, last, rollout);
  if (hooks) return hooks;
  const by = personOf(self.owner);
  const permission = permit && { by, at: instant(view.nowMs), reason: permit.reason };
  return moveOn(situation, rollout, { digest, ...(permission && { permission }) });
}

/** Nobody works on a rollout at its gate without a person's word; null: it may go on. */
export function stopAtGate(situation: Moving, rollout: Rollout): Action | null {
  const { view, memory, goal } = situation;
  if (rollout.phase !== "gate") return null;
  const permitted = goal.kind === "Deploy" && goal.permit !== undefined;
  if (permitted && memory.rolloutId === rollout.id) return null;
  if (isGateOver(rollout, view.nowMs)) {
    const reason = "nobody permitted it in time";
    const { id: rolloutId } = rollout;
    return { kind: "Update", request: { kind: "Abort", reason, rolloutId, untouched: false } };
  }
  if (permitted && view.frozen) return { kind: "Fail", error: frozenAtGate(view.frozen, rollout) };
  if (permitted) return null;
  return { kind: "Fail", error: gateWaiting(rollout) };
}

/** Its switch would be refused, and all that was checked given up with it. */
function frozenAtGate(frozen: Frozen, { id }: Rollout): BlueGreenError {
  const { code, message, hint } = refusedByFreeze(frozen);
  const sentence = `${message}; ${id} waits on at its gate`;
  return new BlueGreenError(code, sentence, { ...(hint !== undefined && { hint }) });
}
