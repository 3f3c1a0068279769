/** Repeats one check until it passes, its retries are used up, or its deadline comes. */

import { pauseBefore } from "../../infra/attempt-times.ts";
import { slept } from "../../infra/clock.ts";
import type { Clock } from "../../infra/clock.ts";
import { formatDuration } from "../../infra/duration.ts";
import { messageOf } from "../../infra/errors.ts";
import type { CheckPlan } from "./check.ts";
import { quoted } from "../report/safe-text.ts";
import type { Outcome } from "./finding.ts";

export interface Attempts {
  readonly outcome: Outcome;
  readonly attempts: number;
}

interface Surroundings {
  readonly clock: Clock;
  /** Ends all attempts at once. */
  readonly signal: AbortSignal;
}

/** One attempt; its signal ends it at the deadline. */
type Attempt = (signal: AbortSignal) => Promise<Attempted>;

export interface Attempted extends Outcome {
  /** True where another attempt would say the same. */
  readonly final?: boolean;
}

interface Course {
  attempts: number;
  /** Null while an attempt runs. */
  outcome: Outcome | null;
}

/** From the deadline's signal until an attempt that doesn't obey it is left alone. */
const obeyMs = 2_000;

/** Never rejects: what an attempt throws is an outcome of verdict "error". */
export async function attemptAll(
  plan: CheckPlan,
  { clock, signal }: Surroundings,
  attempt: Attempt,
): Promise<Attempts> {
  const course: Course = { attempts: 0, outcome: null };
  const deadline = new AbortController();
  const finished = new AbortController();
  const ended = AbortSignal.any([deadline.signal, signal]);
  const watch = async () => {
    await slept(clock, plan.deadlineMs, AbortSignal.any([finished.signal, signal]));
    deadline.abort();
    await slept(clock, obeyMs, finished.signal);
  };
  const repeated = repeat(course, { clock, signal: ended, retries: plan.retries, attempt });
  await Promise.race([repeated, watch()]);
  finished.abort();
  const outcome = course.outcome ?? overdue(plan.deadlineMs);
  const interrupted = signal.aborted && outcome.verdict !== "pass";
  return { outcome: interrupted ? unfinished(outcome) : outcome, attempts: course.attempts };
}

async function repeat(
  course: Course,
  { clock, signal, retries, attempt }: Surroundings & { retries: number; attempt: Attempt },
): Promise<void> {
  for (let retry = 0; retry <= retries; retry += 1) {
    const pauseMs = pauseBefore(retry);
    if (pauseMs > 0 && !(await slept(clock, pauseMs, signal))) return;
    course.attempts += 1;
    const before = course.outcome;
    course.outcome = null;
    const { final = false, ...outcome } = await guarded(attempt, signal);
    // One that was cut short says less than a whole one before it.
    course.outcome = signal.aborted && outcome.verdict !== "pass" ? (before ?? outcome) : outcome;
    if (outcome.verdict === "pass" || final || signal.aborted) return;
  }
}

async function guarded(attempt: Attempt, signal: AbortSignal): Promise<Attempted> {
  try {
    return await attempt(signal);
  } catch (error) {
    const sentence = `the check itself failed: ${quoted(messageOf(error))}`;
    return { verdict: "error", sentence, evidence: "" };
  }
}

function overdue(deadlineMs: number): Outcome {
  const sentence = `the check didn't end by its deadline of ${formatDuration(deadlineMs)}`;
  return { verdict: "error", sentence, evidence: "" };
}

function unfinished(outcome: Outcome): Outcome {
  const sentence = `interrupted before it passed: ${outcome.sentence}`;
  return { ...outcome, verdict: "inconclusive", sentence };
}
