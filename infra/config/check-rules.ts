/** What must fit together within one check; each rule names the field to change. */

import type { z } from "zod";

import type { Duration } from "../duration.ts";
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
