/** What a command wants to be true in the end, and by which rules. Data only. */

import type { HookStage } from "../../infra/hook-stages.ts";
import type { Cohort, Color, Owner } from "../../infra/model.ts";
import type { MigrationPolicy } from "./migration-policy.ts";

export interface Deploy {
  readonly kind: "Deploy";
  /** Null: finish the rollout that is open. */
  readonly version: string | null;
  /** Digest of that version under the present settings; null where `version` is. */
  readonly digest: string | null;
  /** Takes the place of another release's rollout before its switch; absent: as the settings say. */
  readonly replace?: boolean | undefined;
  /** A person's word for the rollout that waits at its gate; absent: nobody's. */
  readonly permit?: { readonly reason: string };
}

export interface SwitchTo {
  readonly kind: "SwitchTo";
  readonly color: Color;
  /** False: the rollback window starts right after the switch. */
  readonly bake: boolean;
}

export interface RollBackNow {
  readonly kind: "RollBackNow";
  readonly reason: string;
  /** Pin the release that is left. */
  readonly pin: boolean;
  /** Let a color that was shrunk grow before traffic goes back; else it grows after that. */
  readonly grow: boolean;
}

export interface RetireIdle {
  readonly kind: "RetireIdle";
  readonly color: Color;
  /** Doesn't wait for the window or for silence. */
  readonly force: boolean;
  /** Why it goes whether the active color fails or not; null or absent: that is judged first. */
  readonly overrideFailing?: string | null;
}

/** The database's contract step, on its own. */
export interface Contract {
  readonly kind: "Contract";
}

export type Goal = Deploy | SwitchTo | RollBackNow | RetireIdle | Contract;

/** One step on the way to a switch. */
export interface ShiftStep {
  /** Share of the new color in percent, from 1 to 99; 0: it has a cohort only. */
  readonly weight: number;
  /** All cohorts that the new color has from this step on; absent: none. */
  readonly groups?: readonly Cohort[] | undefined;
  /** How long it is watched, in milliseconds. */
  readonly forMs: number;
}

/** The settings that decisions depend on; times in milliseconds. */
export interface Policy {
  readonly claimMs: number;
  readonly rollbackWindowMs: number;
  /**
   * How long nothing may have reached the idle color before it is retired, and how long it may still
   * answer what it has open once it has lost its traffic.
   */
  readonly quietMs: number;
  /** Configured number of instances. */
  readonly size: number;
  /** Instances, or a share such as "25%", that a bake which passed leaves of the former color. */
  readonly warm?: number | string | null;
  /** True where a color has as many instances as there are machines for it; absent: it may grow. */
  readonly sizesStay?: boolean;
  /** Longest time that filling a color takes; absent: it isn't known. */
  readonly fillMs?: number;
  /** What a rollout of another release meets; absent: `reject`. */
  readonly whileRollingOut?: "reject" | "replace";
  /** How long a release is judged after its switch; absent: it isn't known. */
  readonly bakeMs?: number;
  /** Who permits the switch after the checks. */
  readonly gate: "automatic" | "manual";
  /** How long a rollout waits for a person's word. */
  readonly gateMs: number;
  /** Absent: the settings say nothing of a database. */
  readonly migrations?: MigrationPolicy;
  /** On the way to a switch: cohorts, then rising shares; empty: all at once. */
  readonly steps: readonly ShiftStep[];
  /** By so much each of them may last longer, while a metric can't be read; absent: by nothing. */
  readonly holdMs?: number;
  /** Stages that have hooks. */
  readonly hooks: readonly HookStage[];
}

/** Who runs this, and under which name a new rollout would go. */
export interface Self {
  readonly owner: Owner;
  readonly rolloutId: string;
  /** The claim's owner is known to be dead: same host, no such process. */
  isDead(owner: Owner): boolean;
}
