/** What a step of the load says of failures and versions, beside the sums. */
import { expect, it } from "vitest";
import { countOf, emptyTally, fold, mark } from "../../../automation/demo/load-count.ts";
import type { LoadTally } from "../../../automation/demo/load-count.ts";
import type { LoadEvent } from "../../../automation/demo/load-facts.ts";

interface Given {
  readonly at: number;
  readonly version: string | null;
  /** Default 200; null without a full answer. */
  readonly status?: number | null;
}

function ended({ at, version, status = 200 }: Given): LoadEvent {
  const reason = status === 200 ? null : `status ${status ?? "none"}`;
  const color = version === null ? null : "blue";
  const request = { request: "GET /", post: false, latencyMs: 2 };
  return { kind: "ended", at, ...request, status, color, version, reason };
}

function after(tally: LoadTally, ...events: readonly LoadEvent[]): LoadTally {
  return events.reduce(fold, tally);
}

it("tells failures apart by status and version", () => {
  const tally = after(
    emptyTally,
    ended({ at: 10, version: "4", status: 500 }),
    ended({ at: 20, version: "4", status: 500 }),
    ended({ at: 30, version: null, status: 502 }),
    ended({ at: 40, version: null, status: null }),
  );
  const expected = { "500 of 4": 2, "502 of unknown": 1, "none of unknown": 1 };
  expect(mark(tally, "all", 50).step.failedBy).toEqual(expected);
  const startedAt = "2025-01-01T00:00:00.000Z";
  expect(countOf(tally, { at: 50, startedAt }).failedBy).toEqual(expected);
});

it("tells when a version answered first, last, and first failed, anew after each mark", () => {
  const first = mark(after(emptyTally, ended({ at: 10, version: "4" })), "first", 20);
  expect(first.step.met).toEqual({ 4: { firstMs: 10, lastMs: 10, firstFailureMs: null } });
  const tally = after(
    first.tally,
    ended({ at: 30, version: "4" }),
    ended({ at: 40, version: "4", status: 500 }),
    ended({ at: 50, version: "4", status: 500 }),
    ended({ at: 60, version: "4" }),
    ended({ at: 70, version: "2" }),
  );
  expect(mark(tally, "second", 80).step.met).toEqual({
    4: { firstMs: 30, lastMs: 60, firstFailureMs: 40 },
    2: { firstMs: 70, lastMs: 70, firstFailureMs: null },
  });
});

it("counts what could not be sent in the step in which it was due", () => {
  const first = mark(after(emptyTally, { kind: "unsent" }), "first", 10);
  const second = mark(after(first.tally, { kind: "unsent" }, { kind: "unsent" }), "second", 20);
  expect([first.step.unsent, second.step.unsent]).toEqual([1, 2]);
});
