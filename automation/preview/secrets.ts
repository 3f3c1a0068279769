/** Keeps the values of releases' environments out of whatever is shown. Pure. */

import { mapTexts } from "../report/plain-text.ts";
import type { PreviewSummary } from "./summary.ts";

/** Shorter ones would hide ordinary words and numbers, and aren't secrets to rely on. */
const minLength = 6;
const maxDepth = 20;
const hiddenWord = "[hidden]";

/** Every text below a key named `env`, wherever it stands; longest first. */
export function environmentValues(...sources: readonly unknown[]): readonly string[] {
  const found = new Set<string>();
  for (const source of sources) collect(source, { inside: false, depth: 0 }, found);
  return [...found].sort((a, b) => b.length - a.length);
}

interface Where {
  readonly inside: boolean;
  readonly depth: number;
}

function collect(value: unknown, { inside, depth }: Where, found: Set<string>): void {
  if (typeof value === "string" && inside && value.trim().length >= minLength) found.add(value);
  if (typeof value !== "object" || value === null || depth > maxDepth) return;
  for (const [key, inner] of Object.entries(value)) {
    collect(inner, { inside: inside || key === "env", depth: depth + 1 }, found);
  }
}

/** The text with each of the values replaced; also where only its first line was quoted. */
export function hideIn(text: string, values: readonly string[]): string {
  return values.reduce((shown, value) => shown.replaceAll(value, hiddenWord), text);
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
