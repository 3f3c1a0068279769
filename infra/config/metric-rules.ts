/** What must fit together within one metric; each rule names the field to change. */

import type { z } from "zod";

import { refuse } from "./refusal.ts";

type Context = z.RefinementCtx;

interface Places {
  readonly bad: string | null;
  readonly total: string | null;
  readonly value: string | null;
}

export function countsOrValue({ bad, total, value }: Places, context: Context): void {
  const counts = bad !== null || total !== null;
  if (value !== null && counts) {
    refuse(context, {
      path: ["value"],
      problem: "is a second thing to read",
      fix: "write either value, or bad and total",
    });
  } else if (value === null && (bad === null || total === null)) {
    const missing = bad === null ? "bad" : "total";
    refuse(context, {
      path: [missing],
      problem: "is missing",
      fix: "write bad and total, or value",
    });
  }
}

interface Judged {
  readonly upper: number | null;
  readonly lower: number | null;
  readonly ofFormer: number | null;
  readonly budget: number | null;
  readonly detect: number | null;
}

/** Where it isn't clear what is read, that alone is told. */
export function limitsFitPlaces(metric: Judged & Places, context: Context): void {
  const counts = metric.bad !== null || metric.total !== null;
  if (counts && metric.value !== null) return;
  limitsFitWhatIsRead(metric, { counts: metric.value === null }, context);
}

export function limitsFitWhatIsRead(
  metric: Judged,
  { counts }: { readonly counts: boolean },
  context: Context,
): void {
  const limits = ["upper", "lower", "ofFormer"] as const;
  const shares = ["budget", "detect"] as const;
  for (const field of counts ? limits : shares) {
    if (metric[field] === null) continue;
    const problem = counts ? "is for a value, and this reads counts" : "is for counts of bad ones";
    refuse(context, { path: [field], problem, fix: "remove it" });
  }
  if (counts) return;
  if (limits.every((field) => metric[field] === null)) {
    refuse(context, {
      path: ["upper"],
      problem: "is missing: nothing limits the value",
      fix: "or lower, or ofFormer",
    });
  }
  if (metric.lower !== null && metric.upper !== null && metric.lower > metric.upper) {
    refuse(context, { path: ["lower"], problem: "is above upper", fix: "write at most upper" });
  }
}
