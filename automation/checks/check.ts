/** What a kind of check is: an object that describes and runs it, given what to check. */

import type { CheckKind, CheckOf } from "../../infra/config.ts";
import type { Address, Color, TargetReading } from "../../infra/model.ts";
import type { MetricSource } from "../metrics/source.ts";
import type { Outcome } from "./finding.ts";

/** The color that is checked and the ways to it. */
export interface CheckContext {
  readonly color: Color;
  /** Version of the release that the color holds. */
  readonly version: string;
  readonly addresses: readonly Address[];
  /** Public address of the router; null where there is none yet. */
  readonly url: string | null;
  /** True where the router sends requests with the preview header to the color they name. */
  readonly preview: boolean;
  /** Folder in which commands run. */
  readonly cwd: string;
  /** Environment from which commands get the few variables that they may see. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** What the settings' metrics are read from. */
  readonly metrics: readonly MetricSource[];
  /** Counts the color's instances anew, and tells with what to compare them. */
  readonly capacity: () => Promise<Capacity>;
  /** Ends the attempt: its check's deadline, or an interruption. */
  readonly signal: AbortSignal;
}

/** How many of a color's instances are ready, and how many serve now. */
export interface Capacity {
  readonly target: TargetReading;
  /** Null where an address may stand before any number of instances. */
  readonly equal: CapacityEqual | null;
}

/** What is as large as the color shall be. */
export interface CapacityEqual {
  readonly size: number;
  /** The active color; null at a first release: the settings. */
  readonly color: Color | null;
}

export interface CheckPlan {
  /** Further attempts after one that didn't pass. */
  readonly retries: number;
  /** Milliseconds for all attempts. */
  readonly deadlineMs: number;
}

export interface CheckKindOf<K extends CheckKind> {
  readonly kind: K;
  /** What a pass says, as one sentence. */
  describe(check: CheckOf<K>): string;
  plan(check: CheckOf<K>): CheckPlan;
  /** One attempt; ends early when the context's signal says so. */
  run(check: CheckOf<K>, context: CheckContext): Promise<Outcome>;
}
