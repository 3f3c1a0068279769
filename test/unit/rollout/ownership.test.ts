/** Which rollbacks go past the engine, so that the run that they stop can't go on meanwhile. */

import { expect, test } from "vitest";
import { isShifting } from "../../../automation/rollout/ownership.ts";
import { alice, bob, claimOf, recordOf, rolloutOf } from "../rules/views.ts";

const isDead = (owner: unknown): boolean => owner === bob;

test.each([
  ["a run that may be alive works on a shift", rolloutOf("shift"), claimOf(), true],
  ["its run is dead", rolloutOf("shift"), claimOf({ owner: bob }), false],
  ["nobody has taken the shift over", rolloutOf("shift"), claimOf({ owner: null }), false],
  ["all traffic has moved", rolloutOf("bake"), claimOf({ owner: alice }), false],
  ["nothing is open", null, null, false],
])("where %s", (_name, rollout, claim, expected) => {
  expect(isShifting(recordOf({ rollout, claim }), { isDead })).toBe(expected);
});
