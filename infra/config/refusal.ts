/** How a rule within one setting says what is wrong with a part of it, and what to do instead. */

import type { z } from "zod";

import type { Path } from "./path.ts";

interface Refused {
  /** From the setting that the rule is for. */
  readonly path: Path;
  /** What is wrong, without the value. */
  readonly problem: string;
  /** What to do, as an imperative. */
  readonly fix: string;
}

export function refuse(context: z.RefinementCtx, { path, problem, fix }: Refused): void {
  context.addIssue({ code: "custom", path: [...path], message: problem, params: { fix } });
}
