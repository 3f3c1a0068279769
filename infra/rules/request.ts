/** What an update of the router's stack is asked to do; data only, each sets, none toggles. */

import type { HookStage } from "../hook-stages.ts";
import type {
  Baked,
  Color,
  Instant,
  MigrationStep,
  Owner,
  Permission,
  RolloutKind,
  Weights,
} from "../model.ts";

/** A plain `pulumi up`: obey the settings file where it states an intent. */
export interface Obey {
  readonly kind: "Obey";
}

/** Bring everything back as the record says; the file's `activeColor` is not an intent. */
export interface Keep {
  readonly kind: "Keep";
}

/** An update of an open rollout, with which the record learns what its run has done beside. */
interface OfRollout {
  readonly rolloutId: string;
  /** Stages whose hooks are done; absent: none since the update before. */
  readonly hooksDone?: readonly HookStage[] | undefined;
}

/** Reserve the idle color, or take over the claim of an owner who is gone. */
export interface ClaimColor extends OfRollout {
  readonly kind: "Claim";
  readonly rollout: RolloutKind;
  readonly color: Color;
  readonly version: string;
  readonly owner: Owner;
  readonly until: Instant;
  /** The owner that this request replaces: known to be dead, or none at the gate. */
  readonly replaces: Owner | null;
  /** By hand: also while the color's rollback window is open. A rollout's claim always may. */
  readonly force: boolean;
}

/** The idle color is filled: attach it at weight 0, ready to be checked. */
export interface Attach extends OfRollout {
  readonly kind: "Attach";
  readonly digest: string;
}

/** The checks have passed: from now on nobody works on it until a person permits the switch. */
export interface WaitAtGate extends OfRollout {
  readonly kind: "Wait";
  readonly digest: string;
  /** Nobody's word counts after this. */
  readonly until: Instant;
}

/** All traffic to the color that was checked. */
export interface Switch extends OfRollout {
  readonly kind: "Switch";
  readonly digest: string;
  /** Begins the rollout with the same update: a color as it is needs no provisioning before. */
  readonly start: ClaimColor | null;
  /** Skips the bake: the rollback window starts at once and ends then. */
  readonly holdUntil: Instant | null;
  /** Takes the rollout through its gate; without it none gets through. */
  readonly permission?: Permission | undefined;
}

/** Part of the traffic to the color that was checked. */
export interface Shift extends OfRollout {
  readonly kind: "Shift";
  readonly digest: string;
  readonly weights: Weights;
  /** The claim's new deadline: it outlives the step. Absent: as it is. */
  readonly until?: Instant | undefined;
  /** Takes the rollout through its gate; without it none gets through. */
  readonly permission?: Permission | undefined;
}

/** The bake ended and traffic stays: the rollback window starts. */
export interface Hold extends OfRollout {
  readonly kind: "Hold";
  /** Stays in the record, so that any later run tells the same; null: no bake was asked for. */
  readonly baked: Baked | null;
  /** Null: a first release has no former color to return to. */
  readonly rollbackUntil: Instant | null;
  /** Instances to which the former color shrinks then; absent: it doesn't. */
  readonly warm?: number | undefined;
}

/** Traffic back to the former color. */
export interface RollBack {
  readonly kind: "RollBack";
  readonly reason: string;
  readonly by: string;
  /** Only this rollout; null: whichever moved traffic last. */
  readonly rolloutId: string | null;
  /** Only while that rollout is in its shift; absent: also after its switch. */
  readonly beforeSwitch?: true | undefined;
  /** Pin the release that is left, because it is to blame. */
  readonly pin: boolean;
}

/** Give up before the switch; the idle color stays for a look. */
export type Abort = {
  readonly kind: "Abort";
  readonly reason: string;
} & (
  | {
      /** Only this rollout. */
      readonly rolloutId: string;
      /** Who asks made the claim, and knows that nothing of the color was touched since. */
      readonly untouched: boolean;
      /** Refused where others have ended it before; absent: nothing is left to do then. */
      readonly mustBeOpen?: true | undefined;
    }
  /** Whichever is open. */
  | { readonly rolloutId: null; readonly untouched: false }
);

/** Detach the idle color for good, before its stack is emptied. */
export interface Retire {
  readonly kind: "Retire";
  readonly color: Color;
  /** Also while the rollback window or a claim is open. */
  readonly force: boolean;
  /** A person's reason not to judge the active color before; absent: it was judged, or needn't be. */
  readonly overrideFailing?: string;
}

/** The idle color's stack is empty. */
export interface Retired {
  readonly kind: "Retired";
  readonly color: Color;
}

/** A migration step is about to run: from now on the schema may be the one that it leaves. */
export interface BeginMigration {
  readonly kind: "BeginMigration";
  readonly step: MigrationStep;
  /** The rollout that an expand belongs to; null: it is a contract. */
  readonly rolloutId: string | null;
  readonly owner: Owner;
  readonly until: Instant;
  /** The owner of the same step that this request replaces: known to be dead. */
  readonly replaces: Owner | null;
}

/** The step is done. */
export interface EndMigration {
  readonly kind: "EndMigration";
  readonly step: MigrationStep;
}

/** The step's program failed, and doesn't run any more: anybody may begin it again. */
export interface StopMigration {
  readonly kind: "StopMigration";
  readonly step: MigrationStep;
  readonly owner: Owner;
}

/** A person says what the database is at. */
export interface RecordSchema {
  readonly kind: "RecordSchema";
  readonly schema: number;
  /** The owner of the step that was begun: known to be dead. */
  readonly replaces: Owner | null;
}

/** No color gets traffic any more: the first step of taking an environment down. */
export interface Deactivate {
  readonly kind: "Deactivate";
}

export interface PinRelease {
  readonly kind: "Pin";
  readonly version: string;
  readonly digest: string;
  readonly reason: string;
  readonly by: string;
  readonly until: Instant | null;
}

export interface UnpinRelease {
  readonly kind: "Unpin";
  /** Version or digest. */
  readonly release: string;
}

export type Request =
  | Obey
  | Keep
  | ClaimColor
  | Attach
  | WaitAtGate
  | Shift
  | Switch
  | Hold
  | RollBack
  | Abort
  | Retire
  | Retired
  | BeginMigration
  | EndMigration
  | StopMigration
  | RecordSchema
  | Deactivate
  | PinRelease
  | UnpinRelease;

/** What an update of a color's stack is asked to do. */
export type ColorRequest =
  | { readonly kind: "Obey" }
  /** Bring the release back that is there, optionally with more instances. */
  | { readonly kind: "Keep"; readonly size: number | null }
  /** Fewer instances of the release that is held, as the hold of this rollout says. */
  | { readonly kind: "Shrink"; readonly rolloutId: string; readonly size: number }
  | {
      readonly kind: "Provision";
      readonly rolloutId: string;
      readonly version: string;
      /** Number of instances; null: as the settings say. */
      readonly size: number | null;
    }
  | { readonly kind: "Empty" };
