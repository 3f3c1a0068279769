/** From a command's goal to its end: run the loop, write back, say what is true. */

import type { CommandContext } from "../command.ts";
import { runGoal } from "./run-goal.ts";
import type { Environment } from "../ports.ts";
import type { Goal } from "../rollout/goal.ts";
import type { Session } from "../session.ts";
import { watchTraffic, writeBack } from "./write-back.ts";

/** @throws BlueGreenError when the goal isn't reached */
export async function pursue(
  context: CommandContext,
  session: Omit<Session, "environment"> & { readonly environment: Environment },
  run: { readonly goal: Goal; readonly write: boolean },
): Promise<void> {
  const { signal, runId: rolloutId } = context;
  const watch = watchTraffic(session.environment);
  const watched = { ...session, environment: watch.environment };
  try {
    const sentence = await runGoal({ session: watched, goal: run.goal, signal, rolloutId });
    session.on({ kind: "Finished", sentence, exitCode: 0 });
  } finally {
    if (run.write) await writeBack(session, watch);
  }
}
