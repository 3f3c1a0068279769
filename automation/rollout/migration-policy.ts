/** What the settings of database migrations mean for decisions. Data only. */

import type { SchemaRange } from "../../infra/model.ts";

/** A step as the settings have it. */
export interface PlannedStep {
  readonly to: number;
  /** How long its program may run, in milliseconds. */
  readonly withinMs: number;
}

/** What the settings say of the release that they belong to. */
export interface MigrationPolicy {
  readonly works: SchemaRange | null;
  readonly expand: PlannedStep | null;
  readonly contract: PlannedStep | null;
}
