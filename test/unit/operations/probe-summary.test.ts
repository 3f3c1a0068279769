/** What a report keeps of the probe's count. */

import { expect, test } from "vitest";

import { ProbeTally } from "../../../automation/adapters/prober-count.ts";
import { summaryOf } from "../../../automation/operations/switch-probe.ts";

test("a summary keeps what wasn't sent, what wasn't answered, and why counting broke off", () => {
  const tally = new ProbeTally({ startMs: 0 });
  tally.send();
  tally.skip();
  const broken = "the prober's thread ended with 1";
  expect(summaryOf({ ...tally.count(40), broken })).toEqual({
    sent: 1,
    failed: 0,
    longestGapMs: 40,
    byColor: { blue: 0, green: 0 },
    skipped: 1,
    pending: 1,
    broken,
  });
});
