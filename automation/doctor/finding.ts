/** What `bluegreen doctor` found: one sentence each, with what to do. */

import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import type { Diagnosis } from "../../infra/platform.ts";

export interface Finding extends Diagnosis {
  /** Further lines for those who want to know why. */
  readonly details: readonly string[];
}

/** Version of the document that `bluegreen doctor --json` prints. */
export const doctorSchema = 1;

export interface DoctorReport {
  readonly schema: typeof doctorSchema;
  /** How many of the findings are problems. */
  readonly problems: number;
  readonly findings: readonly Finding[];
}

export function ok(subject: string, sentence: string, details: readonly string[] = []): Finding {
  return { level: "ok", subject, sentence, fix: null, details };
}

export function note(subject: string, sentence: string, fix: string | null = null): Finding {
  return { level: "note", subject, sentence, fix, details: [] };
}

export function problem(subject: string, sentence: string, fix: string | null): Finding {
  return { level: "problem", subject, sentence, fix, details: [] };
}

/** An error as a finding: its hint is what to do. */
export function problemOf(subject: string, error: unknown): Finding {
  if (!(error instanceof BlueGreenError)) return problem(subject, messageOf(error), null);
  const { code, message, hint = null, details } = error;
  return { level: "problem", subject, sentence: `${code}: ${message}`, fix: hint, details };
}

/** One area that can't be looked at doesn't hide the others. */
export async function guarded(
  subject: string,
  look: () => Promise<readonly Finding[]> | readonly Finding[],
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [problemOf(subject, error)];
  }
}
