/** What a preview says, as data: what `--json` prints, and what every renderer reads. */

import type { Color, PerColor, Pin, Release, Weights } from "../../infra/model.ts";
import type { Change } from "../adapters/engine-step.ts";

/** Version of the JSON document; it rises when a field changes its meaning or goes. */
export const previewSchema = 1;

/** What is previewed: the settings file as it is, `switch`, or `deploy`. */
export type Asked =
  | { readonly kind: "file" }
  | { readonly kind: "switch"; readonly color: Color }
  | { readonly kind: "deploy"; readonly version: string };

/**
 * `pending`: traffic would move, but the color isn't provisioned, so an update now would be refused.
 * `changes`: something would change, traffic wouldn't move; the record alone is no such thing.
 */
export type Outcome = "nothing" | "changes" | "switch" | "pending" | "refused";

/** The router's fields that decide who gets traffic. */
export interface RouterState {
  readonly activeColor: Color | null;
  readonly weights: Weights;
  readonly generation: number;
  /** What the active color holds; null while there is none, or where it isn't known. */
  readonly release: Release | null;
}

export interface RouterPreview {
  readonly before: RouterState;
  /** What would be true afterwards; equal to `before` where the change would be refused. */
  readonly after: RouterState;
  /** What was asked for, where a refusal leaves it unreached; otherwise null. */
  readonly refused: RouterState | null;
}

export type GuardName =
  | "data plane"
  | "intent"
  | "claim"
  | "release"
  | "schema"
  | "provision"
  | "checks"
  | "activation"
  | "plan";

export interface GuardLine {
  readonly guard: GuardName;
  readonly result: "pass" | "refused" | "pending";
  readonly sentence: string;
  /** Error code of a refusal. */
  readonly code: string | null;
  readonly hint: string | null;
  /** Further lines, such as those to paste into the settings file. */
  readonly details: readonly string[];
}

export interface Problem {
  /** False: the engine failed on it, so nobody knows. */
  readonly refused: boolean;
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly details: readonly string[];
}

/** What would change in one stack; deletes and replaces first. */
export interface StackPreview {
  readonly stack: string;
  /** False: previewed against an empty temporary backend. */
  readonly exists: boolean;
  readonly changes: readonly Change[];
  /** Why an update of this stack would be refused, or why it couldn't be previewed. */
  readonly problem: Problem | null;
}

export interface ColorHealth {
  readonly release: Release | null;
  readonly size: number;
  readonly ready: number;
  readonly total: number;
  /** False: `ready` says nothing, the addresses can't be reached from here. */
  readonly reachable: boolean;
  readonly crashLoop: boolean;
  readonly problems: readonly string[];
}

/** How the settings file, the record and the data plane relate. */
export interface DriftPreview {
  readonly kind: "none" | "silent" | "interrupted" | "direct" | "foreign";
  /** What the data plane says against the record; null where they agree. */
  readonly sentence: string | null;
  readonly file: { readonly activeColor: Color | null; readonly generation: number | null };
  readonly record: { readonly activeColor: Color | null; readonly generation: number };
  /** Null: the router doesn't run or can't be asked. */
  readonly dataPlane: Weights | null;
  /** Lines that make the file say what the router does; none where it does already. */
  readonly paste: readonly string[];
}

export interface Deployment {
  readonly color: Color;
  readonly version: string;
  /** Null: it can't be known before the environment exists, as the settings hold secrets. */
  readonly digest: string | null;
  /** Number of instances. */
  readonly size: number;
}

/** How long it would take. */
export interface Expectation {
  /** Until all traffic is moved; null where none would be. */
  readonly switchedMs: number | null;
  /** Until the command returns. */
  readonly totalMs: number;
  readonly basis: "measured" | "partly measured" | "defaults";
  /** Says how it is estimated. */
  readonly sentence: string;
}

export interface PreviewSummary {
  readonly schema: number;
  readonly environment: string;
  readonly platform: string;
  readonly asked: Asked;
  readonly outcome: Outcome;
  readonly headline: string;
  readonly router: RouterPreview;
  readonly deployment: Deployment | null;
  readonly guards: readonly GuardLine[];
  readonly stacks: readonly StackPreview[];
  /** What the command would do, in this order; empty where it is one update. */
  readonly steps: readonly string[];
  readonly health: PerColor<ColorHealth>;
  /** Size of the color that gets traffic against the one that has it; null where none moves. */
  readonly parity: { readonly equal: boolean; readonly sentence: string } | null;
  readonly rollback: {
    /** End of the window that is open now. */
    readonly until: string | null;
    readonly sentence: string;
  };
  readonly drift: DriftPreview;
  /** Releases that must not become active now. */
  readonly pins: readonly Pin[];
  readonly expected: Expectation | null;
  readonly cost: string;
  readonly notes: readonly string[];
}
