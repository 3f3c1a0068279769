/** What a kind of check is: an object that describes and runs it, given what to check. */

import type { CheckKind, CheckOf } from "../../infra/config.ts";
import type { Address, Color } from "../../infra/model.ts";
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
  /** Ends the attempt: its check's deadline, or an interruption. */
  readonly signal: AbortSignal;
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
