/** What must fit together within one check; each rule names the field to change. */

import type { z } from "zod";

import type { Duration } from "../duration.ts";

type Context = z.RefinementCtx;

interface Attempts {
  readonly timeout: Duration;
  /** None where it is 0. */
  readonly deadline: Duration;
}

export function coversOneAttempt({ timeout, deadline }: Attempts, context: Context): void {
  if (deadline.ms === 0 || deadline.ms >= timeout.ms) return;
  refuse(context, "deadline", [
    "is over before the timeout of one attempt",
    "write at least the timeout",
  ]);
}

interface Places {
  readonly json: string | null;
  readonly header: string | null;
}

export function readsOnePlace({ json, header }: Places, context: Context): void {
  if (json === null || header === null) return;
  refuse(context, "header", [
    "is a second place to read the version from",
    "write either json or header",
  ]);
}

interface Bodies {
  readonly method: "GET" | "HEAD";
  readonly contains: string | null;
  readonly json: Readonly<Record<string, unknown>>;
}

export function answersHaveBodies({ method, contains, json }: Bodies, context: Context): void {
  if (method === "GET" || (contains === null && Object.keys(json).length === 0)) return;
  refuse(context, "method", [
    "gets answers without a body, and the body is to be looked at",
    "write GET, or leave out contains and json",
  ]);
}

interface Times {
  /** None where it is 0. */
  readonly within: Duration;
  readonly timeout: Duration;
}

export function answersInTime({ within, timeout }: Times, context: Context): void {
  if (within.ms === 0 || within.ms < timeout.ms) return;
  refuse(context, "within", [
    "isn't shorter than the timeout, which ends every attempt",
    "write less than the timeout, or a longer timeout",
  ]);
}

function refuse(
  context: Context,
  field: string,
  [message, fix]: readonly [problem: string, fix: string],
): void {
  context.addIssue({ code: "custom", path: [field], message, params: { fix } });
}
