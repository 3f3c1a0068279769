/** The words of blue-green deployment as types: data only, no I/O, imported by everything. */

import type { Database, SchemaRange } from "./database.ts";
import type { Instant, Owner } from "./owner.ts";
import type { Color, PerColor } from "./colors.ts";
import type { Weights } from "./weights.ts";
import { weightsOf } from "./weights.ts";
import type { ColorTraffic, TrafficCount } from "./traffic-counts.ts";

export type * from "./database.ts";
export type { Instant, Owner } from "./owner.ts";
export * from "./colors.ts";
export * from "./weights.ts";
export type * from "./traffic-counts.ts";

/** `host:port` of one instance, without a scheme. */
export type Address = string;

/** Result of any judgement; no data is never a pass. */
export type Verdict = "pass" | "fail" | "inconclusive" | "error";

/** What is put into a color. The digest covers command or image, files, settings and secrets. */
export interface Release {
  readonly version: string;
  readonly digest: string;
}

/** Reserves a color before it is provisioned. A claim is a deadline, so a dead owner frees it. */
export interface Claim {
  readonly color: Color;
  readonly rolloutId: string;
  readonly until: Instant;
  /** Null while nobody works on it: at the gate, where any machine may continue. */
  readonly owner: Owner | null;
  /** Absent where nobody knew what the color held. */
  readonly ends?: Ended | undefined;
}

/** What a claim took the place of; given back where nothing of its color was touched under it. */
export interface Ended {
  /** The way back to the color; null where it was none. */
  readonly window: RollbackWindow | null;
  /** The rollout that had ended in its hold, with the result of its bake. */
  readonly rollout: Rollout | null;
}

/** A color that traffic may go back to. */
export interface RollbackWindow {
  readonly previousRelease: PreviousRelease;
  /** Null: it isn't kept for that. */
  readonly rollbackUntil: Instant | null;
}

/** The release that had the traffic before, in the color that holds it still. */
export interface PreviousRelease {
  readonly color: Color;
  readonly release: Release;
}

/** A release that must not become active. */
export interface Pin {
  readonly digest: string;
  readonly version: string;
  readonly reason: string;
  readonly by: string;
  readonly at: Instant;
  /** Null: until somebody unpins it. */
  readonly until: Instant | null;
}

/** Where a rollout is; each phase has one sentence that is true of the world in it. */
export type Phase = "provision" | "check" | "gate" | "shift" | "bake" | "hold";

export const phaseSentences: Readonly<Record<Phase, string>> = {
  provision: "The idle color is claimed and being filled; the active color has all traffic.",
  check:
    "The idle color is attached at weight 0 and being checked; the active color has all traffic.",
  gate: "The idle color passed its checks and waits for permission; the active color has all traffic.",
  shift: "Both colors have traffic, by the weights and cohorts.",
  bake: "The new color has all traffic and is judged; the former color is ready to take it back.",
  hold: "The new color has all traffic; the former color is kept until the rollback window ends.",
};

/** How a bake ended, with the reason as a sentence. */
export interface Baked {
  readonly verdict: Verdict;
  readonly sentence: string;
}

/** A person's word that a rollout may go on from its gate. */
export interface Permission {
  readonly by: string;
  readonly at: Instant;
  readonly reason: string;
}

/** What a rollout is for: a new release into the idle color, or traffic to a color as it is. */
export type RolloutKind = "deploy" | "switch";

/** One attempt to make a release active. */
export interface Rollout {
  readonly id: string;
  readonly kind: RolloutKind;
  readonly phase: Phase;
  /** Start of the phase; a switch counts from when the data plane was seen to follow. */
  readonly since: Instant;
  /** The color that is to become active. */
  readonly color: Color;
  /** The color that was active when the rollout began; null at a first release. */
  readonly former: Color | null;
  readonly version: string;
  /** Known once the color is provisioned. */
  readonly digest: string | null;
  /** Traffic counters of both colors at the switch; null where traffic can't be counted. */
  readonly baseline: PerColor<TrafficCount> | null;
  /** Stages whose hooks are done: nobody who goes on with it runs them again. */
  readonly hooksDone: readonly string[];
  /** Null until its bake has ended, and where none was asked for. */
  readonly baked: Baked | null;
  /** At its gate: nobody's word counts after this. Absent before, and where it is automatic. */
  readonly gateUntil?: Instant | undefined;
  /** Absent where its gate was automatic, and until somebody permitted it. */
  readonly permission?: Permission | undefined;
  /** In its hold: instances to which the former color shrinks; absent: it stays as large as it is. */
  readonly warm?: number | undefined;
}

/** A shrink that a hold has permitted, and that a way back came before: it may still be going on. */
export interface Shrinking {
  readonly color: Color;
  /** The rollout whose hold permitted it. */
  readonly rolloutId: string;
  /** The rollout that filled the color, as its stack said then: another fill has all its instances. */
  readonly filledBy: string;
  /** Number of instances that it leaves. */
  readonly size: number;
}

/** Newest version of the record, and of a color's outputs, that this code can read. */
export const recordSchema = 3;

/** The one truth about an environment; outputs of the router's stack, written under its lock. */
export interface RouterRecord {
  readonly schema: number;
  readonly activeColor: Color | null;
  readonly weights: Weights;
  /** The settings file's `activeColor` that the router last obeyed. */
  readonly declared: Color | null;
  /** Rises by one with each change of the active color. */
  readonly generation: number;
  readonly previousRelease: PreviousRelease | null;
  readonly claim: Claim | null;
  /** The color that is being drained and emptied; it never gets traffic again as it is. */
  readonly retiring: Color | null;
  readonly switchedAt: Instant | null;
  readonly rollbackUntil: Instant | null;
  readonly pins: readonly Pin[];
  readonly rollout: Rollout | null;
  /** Absent: none, or the color's stack has said since what became of it. */
  readonly shrinking?: Shrinking | undefined;
  /** Null: no migration was ever run or recorded. */
  readonly database: Database | null;
}

export const emptyRecord: RouterRecord = {
  schema: 1,
  activeColor: null,
  weights: weightsOf(null),
  declared: null,
  generation: 0,
  previousRelease: null,
  claim: null,
  retiring: null,
  switchedAt: null,
  rollbackUntil: null,
  pins: [],
  rollout: null,
  database: null,
};

/** A color that was shrunk while it was held, or has grown since. */
export interface HeldSize {
  /** The rollout whose hold it is. */
  readonly rolloutId: string;
  /** Number of instances before it was shrunk, or since it has grown again. */
  readonly full: number;
}

/** What a color's stack says of itself. */
export interface ColorOutputs {
  readonly schema: number;
  readonly color: Color;
  readonly release: Release;
  readonly addresses: readonly Address[];
  /** The rollout that provisioned it; one of a person with `pulumi up` begins with "by-hand". */
  readonly rolloutId: string;
  /** Number of instances. */
  readonly size: number;
  /** The hold under which its size was last set; null or absent: none has changed it. */
  readonly held?: HeldSize | null;
  /** Milliseconds until all its instances were ready when it was filled or grown; null: unknown. */
  readonly readyInMs?: number | null;
  /** True where somebody else manages the addresses: retiring then destroys nothing. */
  readonly given: boolean;
  /** Digest of the user's own component that made it; null or absent: it is no such color. */
  readonly component?: string | null;
  /** Versions of the database's schema that it works with; null or absent: it doesn't say. */
  readonly works?: SchemaRange | null;
  /** The platform's frozen inputs of this release, to bring it back or grow it as what it was. */
  readonly spec: unknown;
}

/** True where a component of the user's own made the color: its size is not ours to set. */
export function hasOwnComponent({ component = null }: Pick<ColorOutputs, "component">): boolean {
  return component !== null;
}

/** How every `rolloutId` of what a person did with a plain `pulumi up` begins. */
export const byHand = "by-hand";

/** What the platform knows of one color's instances now. */
export interface TargetReading {
  readonly ready: number;
  readonly total: number;
  /** Why an instance isn't ready, a crash loop among others; one sentence each. */
  readonly problems: readonly string[];
  /** True when an instance fails again and again: no waiting will help. */
  readonly crashLoop: boolean;
  /** False where the addresses can't be reached from here: then `ready` says nothing. */
  readonly reachable: boolean;
}

/** Left in the router past the engine, for the next `up` to take over. */
export interface DirectMark {
  readonly generation: number;
  readonly at: Instant;
  readonly by: string;
  readonly reason: string;
  /** The release that was rolled back from, to be pinned; null when it isn't to blame. */
  readonly pin: Pin | null;
  /** A switch was set back at once: the record is right about traffic, and only the pin is new. */
  readonly setBack?: true | undefined;
}

/** What a platform says when asked what requests really meet. */
export interface RouterReading {
  /** Null: the router doesn't run or can't be asked. */
  readonly weights: Weights | null;
  /** True where its host can't be reached, which says nothing of what it serves; then no weights. */
  readonly isOutOfReach?: boolean;
  /** The generation that was written together with the weights; null where it isn't stored. */
  readonly generation: number | null;
  /** The rollout that wrote the weights; a person's begins with "by-hand"; null: isn't stored. */
  readonly rolloutId: string | null;
  readonly mark: DirectMark | null;
  /** Where a direct rollback may return to without the record; null: nowhere, or not stored. */
  readonly former: Color | null;
  /** Addresses that the router knows per color. */
  readonly attached: PerColor<readonly Address[]>;
  readonly targets: PerColor<TargetReading>;
  readonly traffic:
    | { readonly kind: "counted"; readonly colors: PerColor<ColorTraffic> }
    | { readonly kind: "unknown" };
  /** Where it really serves; absent where it doesn't tell: as the settings say. */
  readonly url?: string;
  /** Milliseconds from a change until the data plane follows everywhere. */
  readonly settlesInMs: number;
  /** What is wrong with the router itself; one sentence each. */
  readonly problems: readonly string[];
  /** What to do about each of them, in their order; absent: `bluegreen up` sets it right. */
  readonly advice?: readonly string[];
}
