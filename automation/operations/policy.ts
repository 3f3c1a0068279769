/** What the settings mean for decisions: the same for a run and for a preview of it. */

import type { Settings } from "../../infra/config.ts";
import { longestStartMs, staysInSize } from "../../infra/config/platform-facts.ts";
import { migrationPolicy } from "../migrations/policy.ts";
import { longestTolerateMs } from "../rollout/metrics.ts";
import { shiftSteps } from "../rollout/shift-steps.ts";
import type { Policy } from "../rollout/goal.ts";

/** @param size instances that a release gets by the settings, as the platform says */
export function policyOf(settings: Settings, size: number): Policy {
  return {
    claimMs: settings.claimMs,
    rollbackWindowMs: settings.rollbackWindowMs,
    quietMs: settings.drainMs,
    size,
    whileRollingOut: settings.whileRollingOut,
    bakeMs: settings.bake.durationMs,
    gate: settings.gate,
    gateMs: settings.gateWithinMs,
    migrations: migrationPolicy(settings),
    hooks: settings.hooks.map(({ stage }) => stage),
    steps: shiftSteps(settings),
    holdMs: longestTolerateMs(settings.metrics),
    fillMs: longestStartMs(settings),
    warm: settings.hold.warm,
    sizesStay: staysInSize(settings),
  };
}
