/** What goes wrong with a color's size and isn't worth failing for: a run goes on without it. Pure. */

import type { BlueGreenError } from "../../infra/errors.ts";
import type { Action } from "./action.ts";
import type { Goal } from "./goal.ts";
import type { Memory } from "./memory.ts";

/** What the run knows then, and a sentence for people. */
export interface PassedOver {
  readonly memory: Memory;
  readonly sentence: string;
}

/**
 * A former color stays as large as it is, and traffic goes back to what is ready. Null where the
 * action is needed for what is wanted.
 */
export function passOver(
  goal: Goal,
  memory: Memory,
  action: Action,
  { code, message }: BlueGreenError,
): PassedOver | null {
  const why = `(${code}: ${message})`;
  if (action.kind === "Shrink") {
    const sentence = `${action.color} isn't shrunk ${why}: its way back stands all the same`;
    return { memory: { ...memory, shrunk: true }, sentence };
  }
  if (goal.kind !== "RollBackNow") return null;
  if (memory.done) {
    const todo = "`bluegreen up` grows a color that was held warm";
    const sentence = `traffic is back, but not on all instances ${why}: ${todo}`;
    return { memory: { ...memory, regrown: true, kept: true }, sentence };
  }
  if (action.kind !== "Grow") return null;
  const { color, from, size } = action;
  const sentence = `${color} isn't grown ${why}: going back to ${from} of ${size} instances`;
  return { memory: { ...memory, grown: true }, sentence };
}
