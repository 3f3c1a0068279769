/** What must fit together within one check; each rule names the field to change. */

import type { z } from "zod";

import { formatDuration } from "../duration.ts";
import type { Duration } from "../duration.ts";
import { burstMs } from "./burst.ts";
import { refuse } from "./refusal.ts";

type Context = z.RefinementCtx;

interface Attempts {
  readonly timeout: Duration;
  /** None where it is 0. */
  readonly deadline: Duration;
}

export function coversOneAttempt({ timeout, deadline }: Attempts, context: Context): void {
  if (deadline.ms === 0 || deadline.ms >= timeout.ms) return;
  refuse(context, {
    path: ["deadline"],
    problem: "is over before the timeout of one attempt",
    fix: "write at least the timeout",
  });
}

interface Places {
  readonly json: string | null;
  readonly header: string | null;
}

export function readsOnePlace({ json, header }: Places, context: Context): void {
  if (json === null || header === null) return;
  refuse(context, {
    path: ["header"],
    problem: "is a second place to read the version from",
    fix: "write either json or header",
  });
}

interface Bodies {
  readonly method: "GET" | "HEAD";
  readonly contains: string | null;
  readonly json: Readonly<Record<string, unknown>>;
}

export function answersHaveBodies({ method, contains, json }: Bodies, context: Context): void {
  if (method === "GET" || (contains === null && Object.keys(json).length === 0)) return;
  refuse(context, {
    path: ["method"],
    problem: "gets answers without a body, and the body is to be looked at",
    fix: "write GET, or leave out contains and json",
  });
}

interface Times {
  /** None where it is 0. */
  readonly within: Duration;
  readonly timeout: Duration;
}

export function answersInTime({ within, timeout }: Times, context: Context): void {
  if (within.ms === 0 || within.ms < timeout.ms) return;
  refuse(context, {
    path: ["within"],
    problem: "isn't shorter than the timeout, which ends every attempt",
    fix: "write less than the timeout, or a longer timeout",
  });
}

interface Burst {
  readonly paths: readonly string[];
  readonly ratePerSecond: number;
  readonly for: Duration;
  readonly timeout: Duration;
  /** None where it is 0. */
  readonly deadline: Duration;
}

export function coversOneBurst(burst: Burst, context: Context): void {
  const ms = burstMs({ forMs: burst.for.ms, timeoutMs: burst.timeout.ms });
  if (burst.deadline.ms === 0 || burst.deadline.ms >= ms) return;
  refuse(context, {
    path: ["deadline"],
    problem: "is over before a burst and its last answers may be",
    fix: `write at least ${formatDuration(ms)}`,
  });
}

export function asksEveryPath({ paths, ratePerSecond, for: time }: Burst, context: Context): void {
  const sent = Math.floor((ratePerSecond * time.ms) / 1_000);
  if (sent >= paths.length) return;
  refuse(context, {
    path: ["for"],
    problem: `is so short that only ${sent} of ${paths.length} paths would be asked for`,
    fix: "write a longer time, or a higher ratePerSecond",
  });
}

interface Limits {
  readonly atMost: number | null;
  readonly atLeast: number | null;
}

export function limitsTheValue({ atMost, atLeast }: Limits, context: Context): void {
  if (atMost !== null || atLeast !== null) return;
  const problem = "is missing: nothing limits the value";
  refuse(context, { path: ["atMost"], problem, fix: "write it, or atLeast" });
}

export function limitsAreInOrder({ atMost, atLeast }: Limits, context: Context): void {
  if (atMost === null || atLeast === null || atLeast <= atMost) return;
  refuse(context, { path: ["atLeast"], problem: "is above atMost", fix: "write at most atMost" });
}
