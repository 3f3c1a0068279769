/** `bluegreen abort` names what it has ended, or says that there was nothing. */

import { expect, test } from "vitest";
import { aborted } from "../../../automation/operations/aborted.ts";
import { rolloutOf } from "../rules/views.ts";

test.each([
  [
    rolloutOf("check"),
    "r-2 (2 into green) is ended, green is free again; what it holds stays for a look",
  ],
  [
    rolloutOf("check", { kind: "switch" }),
    "r-2 (a switch to green) is ended, green is free again; what it holds stays for a look",
  ],
  [rolloutOf("hold"), "there was nothing to end: no rollout is open, no color is claimed"],
  [null, "there was nothing to end: no rollout is open, no color is claimed"],
])("says what was ended", (rollout, sentence) => {
  expect(aborted({ rollout })).toBe(sentence);
});
