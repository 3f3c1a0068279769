/** From a command's goal to its end: run the loop, write back, say what is true. */

import type { CommandContext } from "../command.ts";
import { runGoal } from "./run-goal.ts";
import type { Goal } from "../rollout/goal.ts";
import type { Session } from "../session.ts";
import { writeBack } from "./write-back.ts";

/** @throws BlueGreenError when the goal isn't reached */
export async function pursue(
  context: CommandContext,
  session: Session,
  run: { readonly goal: Goal; readonly write: boolean },
): Promise<void> {
  const { interrupted, runId } = context;
  try {
    const sentence = await runGoal({ session, goal: run.goal, interrupted, rolloutId: runId });
    session.on({ kind: "Finished", sentence, exitCode: 0 });
  } finally {
    if (run.write) await writeBack(session);
  }
}
