/** The demo's steps, in their order. */

import { rolloutSteps } from "./steps-rollout.ts";
import { faultySteps } from "./steps-fault.ts";
import { handSteps } from "./steps-by-hand.ts";
import { lastSteps } from "./steps-end.ts";
import type { Step } from "./step.ts";

export function demoSteps(options: { readonly keep: boolean }): Step[] {
  return [...rolloutSteps, ...handSteps, ...faultySteps, ...lastSteps(options)];
}
