/** The ways to a color, each judged by itself, and the one outcome over all of them. */

import type { Verdict } from "../../infra/model.ts";
import type { Outcome } from "./finding.ts";

/** What one way to the color showed. */
export interface WayFinding extends Outcome {
  /** True for the router's preview route, false for an instance. */
  readonly preview: boolean;
  /** True where it says something about the way from here, and nothing about the instance. */
  readonly elsewhere: boolean;
  /** Worth telling beside a pass; empty: nothing. */
  readonly remark: string;
}

/** As many ways are asked at once; characters that are kept of an answer. */
export const maxAtOnce = 16;
export const maxEvidence = 1_000;
const maxProblems = 3;

/**
 * Where no instance can be reached from here, the preview route alone is judged; an instance that
 * can't be reached while others can makes the check inconclusive.
 * @param subject what was done, for a pass: "green GET /healthz"
 */
export function summaryOf(findings: readonly WayFinding[], subject: string): Outcome {
  const instances = findings.filter(({ preview }) => !preview);
  const previews = findings.filter(({ preview }) => preview);
  const allAway = instances.every(({ elsewhere }) => elsewhere);
  const judged = allAway && previews.length > 0 ? previews : findings;
  for (const verdict of ["fail", "error", "inconclusive"] as const satisfies Verdict[]) {
    const bad = judged.filter((finding) => finding.verdict === verdict);
    if (bad.length > 0) return { verdict, sentence: listed(bad), evidence: bad[0]?.evidence ?? "" };
  }
  if (judged.length === 0) {
    return { verdict: "inconclusive", sentence: `${subject}: nobody could be asked`, evidence: "" };
  }
  const reached = instances.length - instances.filter(({ elsewhere }) => elsewhere).length;
  const parts = [
    ...(instances.length > 0 ? [`${reached} of ${instances.length} instances`] : []),
    ...(previews.length > 0 ? ["the preview route"] : []),
  ];
  const unasked = reached < instances.length ? " (the others can't be reached from here)" : "";
  const sentence = `${subject}: passed by ${parts.join(" and ")}${unasked}${remarks(judged)}`;
  return { verdict: "pass", sentence, evidence: judged[0]?.evidence ?? "" };
}

function listed(bad: readonly WayFinding[]): string {
  const shown = bad.slice(0, maxProblems).map(({ sentence }) => sentence);
  const rest = bad.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ");
}

function remarks(judged: readonly WayFinding[]): string {
  const told = new Set(judged.map(({ remark }) => remark).filter((remark) => remark !== ""));
  return [...told]
    .slice(0, maxProblems)
    .map((remark) => `; ${remark}`)
    .join("");
}
