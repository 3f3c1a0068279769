/** When the hooks of a stage are due, and about what; never for a way back or an abort. Pure. */

import { hookStages } from "../../infra/hook-stages.ts";
import type { HookStage } from "../../infra/hook-stages.ts";
import type { Color, Release, Rollout } from "../../infra/model.ts";
import { isServed } from "../../infra/model.ts";
import type { Action, HookSubject, RunHooks } from "./action.ts";
import type { Situation } from "./situation.ts";

/** The stages of a rollout; those of a cleaning up belong to none. */
const ofRollout = hookStages.filter((stage) => !stage.endsWith("_CLEAN_UP"));

/** The action that runs a stage's hooks; null where it has none, or they are done. */
export function hooksOf(
  { policy, memory }: Situation,
  stage: HookStage,
  { subject, done = [] }: { readonly subject: HookSubject; readonly done?: readonly string[] },
): RunHooks | null {
  const due = policy.hooks.includes(stage) && ![...done, ...memory.hooksDone].includes(stage);
  return due ? { kind: "RunHooks", stage, subject } : null;
}

/** A stage of the rollout that is open. */
export function rolloutHooks(
  situation: Situation,
  stage: HookStage,
  rollout: Rollout,
): RunHooks | null {
  const { id, color, former, version, phase } = rollout;
  const held = stage === "PRE_SCALE_UP" ? undefined : situation.view.colors[color];
  const digest = rollout.digest ?? held?.release.digest ?? null;
  const subject = { id, color, former, version, digest, phase };
  return hooksOf(situation, stage, { subject, done: rollout.hooksDone });
}

/** A stage before the first traffic; once the color has some, it is over for good. */
export function hooksBeforeTraffic(
  situation: Situation,
  stage: HookStage,
  rollout: Rollout,
): RunHooks | null {
  return hasTraffic(situation, rollout.color) ? null : rolloutHooks(situation, stage, rollout);
}

function hasTraffic({ view: { reading, record } }: Situation, color: Color): boolean {
  return isServed(reading.weights ?? record.weights, color);
}

export function hasHooks({ policy }: Situation, stage: HookStage): boolean {
  return policy.hooks.includes(stage);
}

/** What comes before the switch of a color as it is, whose rollout begins with the switch itself. */
export function hooksOfSwitch(
  situation: Situation,
  color: Color,
  { version, digest }: Release,
): RunHooks | null {
  const { view, self } = situation;
  // Left in the middle of somebody's shift.
  if (hasTraffic(situation, color)) return null;
  const former = view.record.activeColor;
  const subject = { id: self.rolloutId, color, former, version, digest, phase: null };
  return (
    hooksOf(situation, "POST_TEST_TRAFFIC_SHIFT", { subject }) ??
    hooksOf(situation, "PRE_PRODUCTION_TRAFFIC_SHIFT", { subject })
  );
}

/** With all traffic on the color: while it is judged, where that is wanted, and once it has passed. */
export function hooksOfBake(
  situation: Situation,
  rollout: Rollout,
  wanted: boolean,
): RunHooks | null {
  const { baked } = situation.memory;
  if (baked === null) {
    const hooks = rolloutHooks(situation, "POST_PRODUCTION_TRAFFIC_SHIFT", rollout);
    return hooks && wanted ? { ...hooks, sinceMs: Date.parse(rollout.since) } : hooks;
  }
  const passed = wanted && baked.verdict === "pass";
  return passed ? rolloutHooks(situation, "POST_BAKE", rollout) : null;
}

/** Before a color's detachment for good, and after its stack is empty. */
export function cleanUpHooks(
  situation: Situation,
  stage: "PRE_CLEAN_UP" | "POST_CLEAN_UP",
  color: Color,
): RunHooks | null {
  const { view, self } = situation;
  const { record, colors } = view;
  const { version = "", digest = null } = colors[color]?.release ?? {};
  // Each run asks anew: under a former one's id a receiver would repeat its refusal, or skip it.
  const id = `clean-up-${color}-${self.rolloutId}`;
  const phase = record.rollout?.phase ?? null;
  const subject = { id, color, former: null, version, digest, phase };
  return hooksOf(situation, stage, { subject });
}

/** The action, with which the record also learns which stages this run has done. */
export function recording({ memory }: Situation, action: Action): Action {
  const hooksDone = memory.hooksDone.filter((stage) => ofRollout.includes(stage));
  if (hooksDone.length === 0 || action.kind !== "Update") return action;
  const { request } = action;
  switch (request.kind) {
    case "Claim":
    case "Attach":
    case "Wait":
    case "Shift":
    case "Switch":
    case "Hold":
      return { ...action, request: { ...request, hooksDone } };
    default:
      return action;
  }
}
