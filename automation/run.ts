/** What one run of the loop is for, and what it works with. */

import type { Ports } from "./ports.ts";
import type { Goal, Policy, Self } from "./rollout/goal.ts";

export interface Run {
  readonly goal: Goal;
  readonly policy: Policy;
  readonly self: Self;
  readonly ports: Ports;
}
