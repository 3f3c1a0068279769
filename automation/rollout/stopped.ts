/** The last words of a run that was stopped, or whose cleaning up failed as well. Pure. */

import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import type { Rollout } from "../../infra/model.ts";
import { wayOut } from "../../infra/rules/rollout.ts";

/** A step that failed is the error: whoever reads it is to mend that. */
export function interrupted(
  rollout: Rollout | null,
  failure: BlueGreenError | null,
): BlueGreenError {
  const sentence = "stopped between two steps, as asked";
  const way = rollout && wayOut(rollout);
  const goesOn = `the same command goes on from here${way ? `; \`${way}\` gives up` : ""}`;
  if (failure === null) return new BlueGreenError("INTERRUPTED", sentence, { hint: goesOn });
  const { code, message, hint, details } = failure;
  return new BlueGreenError(code, message, {
    details: [...details, `${sentence}: ${goesOn}`],
    hint: hint ?? "see `bluegreen status`",
    cause: failure,
  });
}

export function bothFailed(first: BlueGreenError, second: unknown): BlueGreenError {
  return new BlueGreenError(first.code, first.message, {
    details: [...first.details, `cleaning up failed as well: ${messageOf(second)}`],
    hint: first.hint ?? "see `bluegreen status`",
    cause: second,
  });
}
