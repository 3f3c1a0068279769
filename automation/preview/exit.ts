/** Exit codes of `bluegreen preview`; documented by `--help` and in the README from here. */

import { exitCodes } from "../../infra/errors.ts";
import type { Outcome } from "./summary.ts";

/** With `--exit-code`; without it 0, or 3 where it would be refused. */
export const previewExitCodes: Readonly<Record<Outcome, { code: number; means: string }>> = {
  nothing: { code: exitCodes.done.code, means: "nothing would change" },
  refused: { code: exitCodes.notSwitched.code, means: "it would be refused" },
  switch: { code: 10, means: "traffic would move" },
  changes: { code: 11, means: "something would change, traffic would stay" },
  pending: { code: 12, means: "traffic would move, but the color isn't provisioned yet" },
};

export function exitCodeOf(outcome: Outcome, detailed: boolean): number {
  if (!detailed && outcome !== "refused") return exitCodes.done.code;
  return previewExitCodes[outcome].code;
}

/** For `--help`. */
export function describeExitCodes(): string {
  const lines = Object.values(previewExitCodes).toSorted((a, b) => a.code - b.code);
  return lines.map(({ code, means }) => `${code}: ${means}`).join("; ");
}
