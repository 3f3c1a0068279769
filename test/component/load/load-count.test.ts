/** The load's arithmetic, without any process. */
import { expect, test } from "vitest";
import { countOf, emptyTally, fold, mark } from "../../../automation/demo/load-count.ts";
import type { LoadTally } from "../../../automation/demo/load-count.ts";
import type { LoadEvent } from "../../../automation/demo/load-facts.ts";
import { addCheck, checkOf, emptyCheck, faultOf } from "../../../automation/demo/load-orders.ts";

const startedAt = "2025-01-01T00:00:00.000Z";
const sent: LoadEvent = { kind: "sent", post: false };

function ended(at: number, more: Partial<Extract<LoadEvent, { kind: "ended" }>> = {}): LoadEvent {
  return {
    kind: "ended",
    at,
    request: "GET /",
    post: false,
    latencyMs: 2,
    status: 200,
    color: "blue",
    version: "1",
    reason: null,
    ...more,
  };
}

function failed(at: number, status: number | null): LoadEvent {
  return ended(at, { status, reason: status === null ? "socket hang up" : `status ${status}` });
}

function foldAll(...events: LoadEvent[]): LoadTally {
  return events.reduce(fold, emptyTally);
}

function full(status: number, body: unknown) {
  return { status, color: null, version: null, body: JSON.stringify(body) };
}

test("a failure is counted by its status, and as none where no answer came", () => {
  const tally = foldAll(sent, sent, sent, sent, ended(10), failed(20, 500), failed(30, null));
  expect(countOf(tally, { at: 40, startedAt })).toMatchObject({
    sent: 4,
    ok: 1,
    failed: 2,
    inFlight: 1,
    byStatus: { 200: 1, 500: 1, none: 1 },
    byColor: { blue: 2 },
    failures: [
      { atMs: 20, reason: "status 500", color: "blue" },
      { atMs: 30, reason: "socket hang up" },
    ],
  });
});

test("the longest gap is the longest time between two successes, failures don't end it", () => {
  const tally = foldAll(ended(10), failed(100, 500), failed(200, 500), ended(310), ended(320));
  expect(countOf(tally, { at: 330, startedAt }).longestGapMs).toBe(300);
});

test("a gap that is still open counts until now", () => {
  const tally = foldAll(ended(10), ended(20));
  expect(countOf(tally, { at: 1_020, startedAt }).longestGapMs).toBe(1_000);
});

test("time before the first success is a gap", () => {
  expect(countOf(foldAll(ended(700)), { at: 710, startedAt }).longestGapMs).toBe(700);
});

test("time after the end of the load is no gap", () => {
  const tally = foldAll(ended(10), { kind: "finished", at: 60 }, ended(4_000));
  const count = countOf(tally, { at: 9_000, startedAt });
  expect(count).toMatchObject({ longestGapMs: 50, elapsedMs: 60 });
});

test("a step holds what happened since the mark before, and only its own part of a gap", () => {
  const first = mark(foldAll(sent, ended(100), sent), "provision", 400);
  const events = [failed(500, 502), sent, ended(900, { color: "green" })];
  const second = mark(events.reduce(fold, first.tally), "switch", 1_000);
  expect(first.step).toMatchObject({ label: "provision", ms: 400, sent: 2, ok: 1, failed: 0 });
  expect(first.step.longestGapMs).toBe(300);
  expect(second.step).toMatchObject({
    label: "switch",
    ms: 600,
    sent: 1,
    ok: 1,
    failed: 1,
    byStatus: { 200: 1, 502: 1 },
    byColor: { blue: 1, green: 1 },
    longestGapMs: 500,
  });
  expect(countOf(second.tally, { at: 1_000, startedAt }).longestGapMs).toBe(800);
});

test("a step counts WebSocket events by difference as well", () => {
  const opened: LoadEvent = { kind: "socket", fact: "opened" };
  const first = mark(foldAll(opened, opened), "a", 10);
  const second = mark(fold(first.tally, opened), "b", 20);
  expect(second.step.sockets).toMatchObject({ opened: 1, closed: 0 });
});

test("quantiles of the latency lie within 5 % of the exact ones", () => {
  const events = Array.from({ length: 1_000 }, (_, i) => ended(i, { latencyMs: (i + 1) / 10 }));
  const { latency } = countOf(foldAll(...events), { at: 1_000, startedAt });
  expect(latency?.p50Ms).toBeGreaterThanOrEqual(50);
  expect(latency?.p50Ms).toBeLessThanOrEqual(52.6);
  expect(latency?.p99Ms).toBeGreaterThanOrEqual(99);
  expect(latency?.p99Ms).toBeLessThanOrEqual(104.1);
});

test("there is no latency before the first success", () => {
  expect(countOf(foldAll(failed(5, 500)), { at: 10, startedAt }).latency).toBeNull();
});

test("the list of failures is bounded, their number isn't", () => {
  const tally = foldAll(...Array.from({ length: 80 }, (_, i) => failed(i, 500)));
  const count = countOf(tally, { at: 100, startedAt });
  expect(count.failed).toBe(80);
  expect(count.failures).toHaveLength(50);
});

test("the longest stall of the load's own process is kept", () => {
  const tally = foldAll({ kind: "stalled", ms: 80 }, { kind: "stalled", ms: 60 });
  expect(countOf(tally, { at: 200, startedAt }).longestStallMs).toBe(80);
});

test("an order's answer has to name its key and an id", () => {
  expect(faultOf(full(201, { id: 1, key: "a" }), "a")).toBeNull();
  expect(faultOf(full(201, { id: 1, key: "b" }), "a")).toMatch(/doesn't match/);
  expect(faultOf({ ...full(201, {}), body: '{"id": 1, "ke' }, "a")).toMatch(/doesn't match/);
  expect(faultOf(full(503, { id: 1, key: "a" }), "a")).toBe("status 503");
  expect(faultOf(full(404, ""))).toBe("status 404");
});

test("the parts of an order check add up, and a refused part is an error", () => {
  const part = checkOf(full(200, { once: 2, repeated: ["x"], missing: [] }));
  const check = addCheck(addCheck(emptyCheck(6), part), part);
  expect(check).toMatchObject({ acknowledged: 6, once: 4, repeated: ["x", "x"], missing: [] });
  expect(() => checkOf(full(500, {}))).toThrow(/status 500/);
});
