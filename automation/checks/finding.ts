/** What checks found, as data, and the one verdict over all of it. Pure. */

import type { CheckKind } from "../../infra/config.ts";
import type { Color, Verdict } from "../../infra/model.ts";

/** Result of one attempt of a check. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly sentence: string;
  /** What was seen: a body, a program's output; bounded, without control characters. */
  readonly evidence: string;
}

/** Result of a check after all its attempts. A failed check is a finding, not an exception. */
export interface Finding extends Outcome {
  readonly name: string;
  readonly kind: CheckKind;
  readonly color: Color;
  /** Milliseconds of all attempts, waiting in between included. */
  readonly ms: number;
  readonly attempts: number;
}

const worstFirst = ["fail", "error", "inconclusive", "pass"] as const satisfies Verdict[];

/**
 * The worst finding decides: fail, then error, then inconclusive. A missing finding is
 * inconclusive, so nothing found passes only where no checks are configured.
 */
export function verdictOf(findings: readonly Outcome[], configured: number): Verdict {
  const worst = worstFirst.find((verdict) => findings.some((each) => each.verdict === verdict));
  const missing = findings.length < configured;
  return missing && (worst === undefined || worst === "pass") ? "inconclusive" : (worst ?? "pass");
}
