/** What follows from how the checks of a color ended. Pure. */

import { BlueGreenError } from "../../infra/errors.ts";
import type { Color, Verdict } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Memory } from "./memory.ts";

export interface CheckEnd {
  /** As it was when they began. */
  readonly view: Observed;
  readonly color: Color;
  readonly verdict: Verdict;
}

/** What a run knows then: all but a pass is a failure. */
export function afterCheck(memory: Memory, { view, color, verdict }: CheckEnd): Memory {
  const digest = view.colors[color]?.release.digest ?? "";
  const checked = { digest, verdict };
  if (verdict === "pass") return { ...memory, checked };
  const error = new BlueGreenError("CHECK_FAILED", `the checks on ${color} say ${verdict}`, {
    hint: `${color} stays for a look: \`bluegreen logs ${color}\`; the active color is untouched`,
  });
  return { ...memory, checked, failure: { error, blamed: null } };
}
