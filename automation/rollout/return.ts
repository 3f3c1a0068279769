/** A person's way back: a warm color grows first, gets the traffic, and nothing else stops it. Pure. */

import { personOf } from "../../infra/rules/owner.ts";
import { isRecorded } from "../../infra/rules/record.ts";
import { formerOf } from "../../infra/rules/roles.ts";
import type { Action } from "./action.ts";
import { keep } from "./action.ts";
import type { RollBackNow } from "./goal.ts";
import { activeWord, fail } from "./refusal.ts";
import type { Situation } from "./situation.ts";
import { growFirst, growLate, isPartlyAttached } from "./warm.ts";

const firstWay = "deploy a first release: `bluegreen deploy --version VERSION`";

export function decideRollback(situation: Situation<RollBackNow>): Action {
  const { view, memory, goal, self } = situation;
  if (memory.failure) return { kind: "Fail", error: memory.failure.error };
  if (!isRecorded(view.stored) && view.reading.weights === null) {
    return fail("NOTHING_TO_ROLL_BACK", "nothing was ever deployed here", firstWay);
  }
  if (memory.done) return afterReturn(situation);
  const former = formerOf(view.record);
  const first = goal.grow && !memory.grown && former ? growFirst(situation, former) : null;
  if (first) return first;
  const by = personOf(self.owner);
  return {
    kind: "Update",
    request: { kind: "RollBack", reason: goal.reason, by, rolloutId: null, pin: goal.pin },
  };
}

/** Traffic has gone back; a color that is still small grows now, and the router hears of it. */
function afterReturn(situation: Situation): Action {
  const { view, memory } = situation;
  const { activeColor } = view.record;
  const late = activeColor && !memory.regrown ? growLate(situation, activeColor) : null;
  if (late) return late;
  if (activeColor && memory.regrown && !memory.kept && isPartlyAttached(situation, activeColor)) {
    return keep(`attach all instances of ${activeColor}`);
  }
  return { kind: "Finish", sentence: `${activeWord(view)} is active again` };
}
