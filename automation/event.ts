/** What happened, as data: the event log holds these, reports fold them. Past tense. */

import type { Color, Owner, PerColor, Phase, Verdict, Weights } from "../infra/model.ts";
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

export type Event =
  | {
      readonly kind: "Started";
      readonly command: string;
      readonly rolloutId: string;
      readonly by: Owner;
    }
  | { readonly kind: "Observed"; readonly active: Color | null; readonly weights: Weights | null }
  | { readonly kind: "Noted"; readonly sentence: string }
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
  /** The bake ended. */
  | {
      readonly kind: "Baked";
      readonly color: Color;
      readonly verdict: Verdict;
      readonly sentence: string;
    }
  | { readonly kind: "RolledBack"; readonly to: Color; readonly reason: string }
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
