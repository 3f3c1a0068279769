/** When the idle color may go: window over, unreached for a while, and no way back is needed. Pure. */

import { isUnfinished } from "../../infra/rules/claim.ts";
import { formatDuration } from "../../infra/duration.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { Color } from "../../infra/model.ts";
import { formatWeights, isServed } from "../../infra/model.ts";
import { formerOf } from "../../infra/rules/roles.ts";
import type { Action } from "./action.ts";
import { stillNeeded } from "../../infra/rules/retirement.ts";
import { drainFirst } from "./drain.ts";
import { cleanUpHooks } from "./hooks.ts";
import { contractLast } from "./migration.ts";
import type { Situation } from "./situation.ts";
import type { RetireIdle } from "./goal.ts";

export function decideRetirement(situation: Situation<RetireIdle>): Action {
  const { view, goal, memory } = situation;
  const { color, force, overrideFailing = null } = goal;
  if (memory.failure) return { kind: "Fail", error: memory.failure.error };
  if (view.record.retiring === color) return finishRetiring(situation, color);
  if (isEmpty(situation, color)) return contractLast(situation, `${color} is empty`);
  // What a person can wait for by the clock comes before what only clients can end.
  const needed = serves(situation) ?? stillNeeded(view, goal);
  const refusal = needed ?? (force ? null : stillReached(situation));
  if (refusal) return { kind: "Fail", error: refusal };
  const unjudged = overrideFailing !== null && { overrideFailing };
  return (
    judgeActive(situation) ??
    cleanUpHooks(situation, "PRE_CLEAN_UP", color) ??
    drainFirst(situation, color) ?? {
      kind: "Update",
      request: { kind: "Retire", color, force, ...unjudged },
    }
  );
}

/**
 * The active color is judged once more before the only color that it can be left for goes. What isn't
 * a way back takes nothing with it; where releases aren't baked, nobody has said how to judge one.
 */
function judgeActive({ view, goal, policy, memory }: Situation<RetireIdle>): Action | null {
  const { record } = view;
  const { color: idle, overrideFailing = null } = goal;
  const { activeColor: color } = record;
  const isBaked = (policy.bakeMs ?? 0) > 0;
  if (color === null || formerOf(record) !== idle || !isBaked || overrideFailing !== null) {
    return null;
  }
  const { judgedAgain } = memory;
  if (judgedAgain === null) return { kind: "JudgeAgain", color, idle };
  if (judgedAgain.verdict !== "fail") return null;
  return { kind: "Fail", error: failing(goal, `${color} fails now: ${judgedAgain.sentence}`) };
}

function failing({ color: idle, force }: RetireIdle, sentence: string): BlueGreenError {
  const again = `bluegreen retire${force ? " --now" : ""} --override-failing REASON`;
  return new BlueGreenError("ACTIVE_FAILING", `${sentence}; ${idle} is kept`, {
    hint:
      `\`bluegreen rollback\` goes back to ${idle}; run this again once it is well, ` +
      `or give the way back up all the same: \`${again}\``,
  });
}

/** The last steps of a retirement, whoever began it. */
export function finishRetiring(situation: Situation, color: Color): Action {
  const empty = situation.memory.emptied === color || isEmpty(situation, color);
  if (!empty) return drainFirst(situation, color) ?? { kind: "Empty", color };
  // Until that is recorded, a run that was killed is followed by one that does the same again.
  const hooks = cleanUpHooks(situation, "POST_CLEAN_UP", color);
  return hooks ?? { kind: "Update", request: { kind: "Retired", color } };
}

/** A color that never got to its end has no outputs, but may have instances. */
function isEmpty({ view }: Situation, color: Color): boolean {
  const outputs = view.colors[color];
  return outputs === null && !isUnfinished(view.record, color, outputs);
}

function serves({ view, goal }: Situation<RetireIdle>): BlueGreenError | null {
  const { weights } = view.reading;
  if (!weights || !isServed(weights, goal.color)) return null;
  return new BlueGreenError("COLOR_SERVES", `traffic is ${formatWeights(weights)}`, {
    hint: "switch to the other color first",
  });
}

/**
 * Evidence that clients still reach the color; where traffic can't be counted, time decides. What is
 * open though nothing new has come for as long as it gets (a WebSocket) would keep the color for ever.
 */
function stillReached({ view, goal, policy }: Situation<RetireIdle>): BlueGreenError | null {
  const { traffic } = view.reading;
  if (traffic.kind === "unknown") return null;
  const { open, lastRequestAt } = traffic.colors[goal.color];
  if (lastRequestAt === null || view.nowMs - Date.parse(lastRequestAt) >= policy.quietMs) {
    return null;
  }
  const sentence = `${goal.color} got a request at ${lastRequestAt}, and has ${open} open`;
  return new BlueGreenError("COLOR_BUSY", sentence, {
    hint:
      `try again once it got none for ${formatDuration(policy.quietMs)} (\`bluegreen:drain\`), ` +
      "or drain and remove it now with `bluegreen retire --now`",
  });
}
