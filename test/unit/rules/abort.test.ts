/** The end of a rollout that is named, where it may be gone already. */

import { expect, test } from "vitest";
import type { RouterRecord } from "../../../infra/model.ts";
import type { Abort } from "../../../infra/rules/request.ts";
import { applyRequest } from "../../../infra/rules/transition.ts";
import { claimOf, recordOf, rolloutOf, viewOf } from "./views.ts";

const file = { declared: { activeColor: null, generation: null }, name: "file" };
const named: Abort = { kind: "Abort", reason: "no", rolloutId: "r-2", untouched: false };
const byItsRun: Abort = { ...named, mustBeOpen: true };
const open = { claim: claimOf(), rollout: rolloutOf("check") };

function ended(record: Partial<RouterRecord>, asked: Abort): RouterRecord {
  return applyRequest(viewOf({ record }), asked, file).record;
}

test.each([named, byItsRun])("one that is open is ended by whoever asks", (asked) => {
  expect(ended(open, asked)).toMatchObject({ rollout: null, claim: { owner: null } });
});

test("of one that is gone nothing is left to end", () => {
  expect(ended({}, named)).toEqual(recordOf());
});

test("its own run is told who was first", () => {
  const replaced = { claim: claimOf(), rollout: rolloutOf("check", { id: "r-7" }) };
  expect(() => ended({}, byItsRun)).toThrow("rollout r-2 was ended meanwhile");
  expect(() => ended(replaced, byItsRun)).toThrow("rollout r-7 has taken the place of r-2");
});
