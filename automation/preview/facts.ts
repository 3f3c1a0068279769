/** What a preview has gathered before anything is judged: data only. */

import type { ProgramEvent } from "../../infra/context.ts";
import type { BlueGreenError } from "../../infra/errors.ts";
import type { Declared } from "../../infra/rules/intent.ts";
import type { PerColor } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Change } from "../adapters/engine-step.ts";
import type { Measured } from "./expectation.ts";
import type { Simulation } from "./simulation.ts";
import type { Asked } from "./summary.ts";

/** What the engine said of one stack. */
export interface StackFacts {
  readonly stack: string;
  /** False: previewed against an empty temporary backend. */
  readonly exists: boolean;
  readonly events: readonly ProgramEvent[];
  readonly changes: readonly Change[];
  /** A refusal or a failure; the changes are those that were announced before. */
  readonly error: BlueGreenError | null;
}

export interface PreviewFacts {
  readonly asked: Asked;
  readonly environment: string;
  readonly platform: string;
  /** Base name, for messages. */
  readonly settingsFile: string;
  readonly file: Declared;
  readonly view: Observed;
  /** Null: this stack isn't part of what was asked, or a refusal comes before it. */
  readonly router: StackFacts | null;
  readonly colors: PerColor<StackFacts | null>;
  /** The driver's own steps; null where the settings file is previewed. */
  readonly simulation: Simulation | null;
  /** Number of checks that the settings name. */
  readonly checks: number;
  readonly bakeMs: number;
  readonly rollbackWindowMs: number;
  /** Durations of former steps on this machine. */
  readonly measured: Measured;
  /** Why the SQL of the deployment's expand step isn't to run; null: it may, or none is due. */
  readonly sqlRefusal: BlueGreenError | null;
  readonly cost: string;
  readonly notes: readonly string[];
  /** Values that must not be shown, wherever they turn up. */
  readonly hidden: readonly string[];
}
