/** Everything that a decision may look at. Data only. */

import type { Observed } from "../../infra/observation.ts";
import type { Goal, Policy, Self } from "./goal.ts";
import type { Memory } from "./memory.ts";

export interface Situation<G extends Goal = Goal> {
  readonly goal: G;
  readonly policy: Policy;
  readonly self: Self;
  readonly view: Observed;
  readonly memory: Memory;
}
