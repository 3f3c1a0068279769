/** How long it would take: medians of what was measured here, stated defaults elsewhere. */
import { expect, test } from "vitest";
import { expectationOf, measuredIn, stepKind } from "../../../automation/preview/expectation.ts";
import type { Logged } from "../../../automation/event.ts";

function ended(action: string, ms: number): Logged {
  return { schema: 1, at: "2030-05-01T12:00:00.000Z", event: { kind: "Ended", action, ms } };
}

test("a step's kind is the first word that the event log has for it", () => {
  expect(stepKind("provision green with 2")).toBe("provision");
  expect(stepKind("hold the former color until 2030-05-01T12:00:00.000Z")).toBe("hold");
  expect(stepKind("roll back: it failed")).toBe("other");
});

test("measured steps count by their median, the bake as the settings say", () => {
  const measured = measuredIn([
    ended("provision blue with 1", 9_000),
    ended("provision green with 2", 2_000),
    ended("provision blue with 3", 3_000),
    ended("switch (r-1)", 600),
    ended("switch (r-2)", 800),
  ]);
  const expected = expectationOf({
    steps: ["provision", "switch", "bake"],
    measured,
    bakeMs: 60_000,
  });
  expect(expected).toMatchObject({ switchedMs: 3_700, totalMs: 63_700, basis: "measured" });
  expect(expected?.sentence).toBe(
    "about 3.7 s until traffic has moved, about 64 s in all (medians of former runs on this machine)",
  );
});

test("says so where defaults stand in for some or all of it", () => {
  const steps = ["claim", "switch"] as const;
  const some = expectationOf({ steps, measured: { switch: [500] }, bakeMs: 0 });
  expect(some?.basis).toBe("partly measured");
  expect(expectationOf({ steps, measured: {}, bakeMs: 0 })?.basis).toBe("defaults");
});

test("nothing to do takes no time", () => {
  expect(expectationOf({ steps: [], measured: {}, bakeMs: 0 })).toBeNull();
});
