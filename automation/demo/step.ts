/** What a step of the demo is. */

import type { Stage } from "./stage.ts";
import type { StepFacts } from "./step-facts.ts";

export interface Step extends StepFacts {
  readonly run: (stage: Stage) => Promise<void>;
}
