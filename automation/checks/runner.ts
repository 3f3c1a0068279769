/** Runs checks: all at once, each with its retries, by its deadline. */

import { systemClock } from "../../infra/clock.ts";
import type { Clock } from "../../infra/clock.ts";
import type { Check, CheckKind, CheckOf } from "../../infra/config.ts";
import { attemptAll } from "./attempts.ts";
import { hasClosedSecret } from "../closed-secret.ts";
import type { CheckContext, CheckKindOf } from "./check.ts";
import type { Finding, Outcome } from "./finding.ts";
import { checkKinds } from "./index.ts";

/** What is checked; each check gets a signal of its own besides. */
export type CheckSubject = Omit<CheckContext, "signal">;

export interface RunOptions {
  readonly clock?: Clock;
  /** Ends all checks; those that didn't pass by then are inconclusive. */
  readonly signal?: AbortSignal;
  /** Other implementations of the kinds. */
  readonly kinds?: { readonly [K in CheckKind]: CheckKindOf<K> };
}

/** One finding per check, in their order. Never rejects for what a check does. */
export function runChecks(
  checks: readonly Check[],
  subject: CheckSubject,
  { clock = systemClock, signal, kinds = checkKinds }: RunOptions = {},
): Promise<readonly Finding[]> {
  const interrupt = signal ?? new AbortController().signal;
  return Promise.all(
    checks.map((check) => runCheck(check, subject, { clock, signal: interrupt, kinds })),
  );
}

async function runCheck<K extends CheckKind>(
  check: CheckOf<K>,
  subject: CheckSubject,
  { clock, signal, kinds }: Required<RunOptions>,
): Promise<Finding> {
  const kind: CheckKindOf<K> = kinds[check.kind];
  const startMs = clock.now();
  const { outcome, attempts } = hasClosedSecret(check)
    ? { outcome: closed, attempts: 0 }
    : await attemptAll(kind.plan(check), { clock, signal }, (ended) =>
        kind.run(check, { ...subject, signal: ended }),
      );
  return {
    ...outcome,
    name: check.name,
    kind: check.kind,
    color: subject.color,
    ms: Math.max(0, Math.round(clock.now() - startMs)),
    attempts,
  };
}

/** Sent as it is, the stand-in of a secret would look like a refusal of the application. */
const closed: Outcome = {
  verdict: "error",
  sentence: "wasn't run, since its secret values can't be read here",
  evidence: "",
};
