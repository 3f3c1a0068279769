/** Keeps the values of releases' environments out of whatever is shown. Pure. */

import { hideIn, partsToHide } from "../../infra/hidden-values.ts";
import { mapTexts } from "../report/plain-text.ts";
import type { PreviewSummary } from "./summary.ts";

const maxDepth = 20;
const hidden: ReadonlySet<string> = new Set(["env", "secrets"]);

/** What to hide of every text below a key named `env` or `secrets`, anywhere; longest first. */
export function environmentValues(...sources: readonly unknown[]): readonly string[] {
  const found = new Set<string>();
  for (const source of sources) collect(source, { inside: false, depth: 0 }, found);
  return partsToHide(found);
}

interface Where {
  readonly inside: boolean;
  readonly depth: number;
}

function collect(value: unknown, { inside, depth }: Where, found: Set<string>): void {
  if (typeof value === "string" && inside) found.add(value);
  if (typeof value !== "object" || value === null || depth > maxDepth) return;
  for (const [key, inner] of Object.entries(value)) {
    collect(inner, { inside: inside || hidden.has(key), depth: depth + 1 }, found);
  }
}

/** Sentences come from applications and the engine and may quote anything; our own words stay. */
export function hideValues(summary: PreviewSummary, values: readonly string[]): PreviewSummary {
  if (values.length === 0) return summary;
  const hide = <T>(part: T): T => mapTexts(part, (text) => hideIn(text, values));
  const { guards, stacks, health, rollback, drift, pins, notes } = summary;
  return {
    ...summary,
    guards: guards.map((line) => ({
      ...line,
      sentence: hide(line.sentence),
      hint: hide(line.hint),
      details: hide(line.details),
    })),
    stacks: stacks.map((stack) => ({ ...stack, problem: hide(stack.problem) })),
    health: { blue: hideProblems(health.blue), green: hideProblems(health.green) },
    rollback,
    drift: { ...drift, sentence: hide(drift.sentence) },
    pins: pins.map((pin) => ({ ...pin, reason: hide(pin.reason) })),
    notes: hide(notes),
  };

  function hideProblems<H extends { readonly problems: readonly string[] }>(each: H): H {
    return { ...each, problems: hide(each.problems) };
  }
}
