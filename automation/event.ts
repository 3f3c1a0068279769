/** What happened, as data: the event log holds these, reports fold them. Past tense. */

import type { HookStage } from "../infra/hook-stages.ts";
import type {
  Color,
  MigrationKind,
  Owner,
  PerColor,
  Phase,
  Rollout,
  Verdict,
  Weights,
} from "../infra/model.ts";
import type { Grounds, Seen } from "./rollout/metrics.ts";

/** Version of the log's lines. */
export const eventSchema = 1;

export interface ProbeSummary {
  readonly sent: number;
  readonly failed: number;
  /** Longest stretch between two good answers, in milliseconds. */
  readonly longestGapMs: number;
  readonly byColor: PerColor<number>;
  /** Not sent when they were due, because too many were unanswered. */
  readonly skipped: number;
  /** When the first one failed, and why; absent: none did. */
  readonly firstFailure?: { readonly at: string; readonly reason: string };
  /** Sent, and unanswered when counting ended. */
  readonly pending: number;
  /** Why counting ended too early; null: it didn't, so the numbers are whole. */
  readonly broken: string | null;
}

export interface FindingSummary {
  readonly name: string;
  readonly verdict: Verdict;
  readonly sentence: string;
  /** What was seen: a body, a program's output; bounded. Absent: nothing. */
  readonly evidence?: string;
}

/** A rollout as events name it. */
export type RolloutSummary = Pick<
  Rollout,
  "id" | "kind" | "color" | "former" | "version" | "phase"
>;

export type Event =
  | {
      readonly kind: "Started";
      readonly command: string;
      readonly rolloutId: string;
      readonly by: Owner;
    }
  | { readonly kind: "Observed"; readonly active: Color | null; readonly weights: Weights | null }
  | { readonly kind: "Noted"; readonly sentence: string }
  /** The rollout that this run works on is in another phase than it was before, or was taken up. */
  | {
      readonly kind: "Entered";
      readonly rollout: RolloutSummary;
      /** How its bake ended; null: it hasn't, or none was asked for. */
      readonly baked: Verdict | null;
    }
  /** An action begins. */
  | {
      readonly kind: "Begun";
      readonly action: string;
      readonly phase: Phase | null;
      /** Longest time that it takes; absent where it is short, or isn't known. */
      readonly mayTakeMs?: number;
    }
  | { readonly kind: "Ended"; readonly action: string; readonly ms: number }
  | { readonly kind: "Progressed"; readonly sentence: string }
  | {
      readonly kind: "Checked";
      readonly color: Color;
      readonly verdict: Verdict;
      readonly findings: readonly FindingSummary[];
    }
  /** The hooks of a stage ended; those that weren't run because one refused are left out. */
  | {
      readonly kind: "Hooked";
      readonly stage: HookStage;
      readonly color: Color;
      readonly findings: readonly FindingSummary[];
    }
  | {
      readonly kind: "Switched";
      /** Null at a first release. */
      readonly from: Color | null;
      readonly to: Color;
      readonly servedMs: number | null;
    }
  /** A bake begins; with its readings this is all that it is judged by. */
  | { readonly kind: "Measured"; readonly grounds: Grounds }
  | {
      readonly kind: "Judged";
      readonly verdict: Verdict;
      readonly sentence: string;
      readonly requests: number;
      readonly errors: number;
      /** Since the switch; absent in logs of earlier versions. */
      readonly atMs?: number;
      /** What was read since the judgement before; absent in logs of earlier versions. */
      readonly seen?: readonly Seen[];
    }
  /** A step of a shift ended. */
  | {
      readonly kind: "Stepped";
      readonly color: Color;
      /** Its share of the traffic in percent. */
      readonly weight: number;
      /** Whose requests it has beside, in words; absent: nobody's. */
      readonly cohort?: string;
      readonly step: number;
      readonly steps: number;
      readonly verdict: Verdict;
      readonly sentence: string;
    }
  /** The bake ended. */
  | {
      readonly kind: "Baked";
      readonly color: Color;
      readonly verdict: Verdict;
      readonly sentence: string;
    }
  /** The active color was judged once more, before its way back is given up. */
  | {
      readonly kind: "JudgedAgain";
      readonly color: Color;
      readonly verdict: Verdict;
      readonly sentence: string;
    }
  /** A migration step's program ended. */
  | ({
      readonly kind: "Migrated";
      readonly step: MigrationKind;
      readonly to: number;
    } & FindingSummary)
  | {
      readonly kind: "RolledBack";
      readonly to: Color;
      readonly reason: string;
      /** The one whose color was left; absent: none is recorded, or it couldn't be read. */
      readonly rollout?: RolloutSummary;
    }
  /** A rollout was given up before its switch. */
  | { readonly kind: "Aborted"; readonly rollout: RolloutSummary; readonly reason: string }
  | { readonly kind: "Probed"; readonly probe: ProbeSummary }
  | {
      readonly kind: "Failed";
      readonly code: string;
      readonly message: string;
      readonly hint: string | null;
      readonly details: readonly string[];
    }
  | { readonly kind: "Finished"; readonly sentence: string; readonly exitCode: number };

/** An event with its moment, as a line of the log. */
export interface Logged {
  readonly schema: number;
  readonly at: string;
  readonly event: Event;
}

export interface Reporter {
  on(event: Event): void;
}
