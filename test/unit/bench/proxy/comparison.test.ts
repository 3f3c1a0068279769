/** Figures of several ways come from their requests, and stand side by side with ratios. */

import { expect, test } from "vitest";
import type { Sample } from "../../../../bench/client-facts.ts";
import { notesOf, sideBySide } from "../../../../bench/proxy/comparison.ts";
import { figuresOf } from "../../../../bench/proxy/figures.ts";
import type { Stretch } from "../../../../bench/proxy/figures.ts";
import { sampleOf } from "../samples.ts";

/** One switch at 1,000 that returns after `callMs`, with a steady request and one around it. */
function stretchOf(
  { callMs, latencyMs }: { callMs: number; latencyMs: number },
  more: readonly Sample[] = [],
): Stretch {
  const to = "green";
  return {
    flips: [{ to, calledAt: 1_000, returnedAt: 1_000 + callMs }],
    warmAt: 100,
    client: {
      samples: [
        sampleOf({ startedAt: 0, endedAt: 90 }),
        sampleOf({ startedAt: 200, endedAt: 202 }),
        sampleOf({ startedAt: 990, endedAt: 990 + latencyMs }),
        sampleOf({ startedAt: 1_600, endedAt: 1_602, color: to }),
        ...more,
      ],
      sockets: { sent: 20, lost: 0, closed: 0 },
      unsent: 0,
    },
  };
}

const good = stretchOf({ callMs: 10, latencyMs: 20 });
const failures = [
  sampleOf({ startedAt: 1_020, endedAt: 1_021, color: null, post: true, problem: "hang up" }),
  sampleOf({ startedAt: 1_900, endedAt: 1_901, color: null, problem: "hang up" }),
];

test("a request of the warm-up is counted, and is no part of the latencies", () => {
  const { sent, steady, around } = figuresOf([good]);
  expect(sent).toBe(4);
  expect(steady).toMatchObject({ count: 2, max: 2 });
  expect(around).toMatchObject({ count: 1, max: 20 });
});

test("failures are told apart by method and by their distance to a switch", () => {
  const figures = figuresOf([stretchOf({ callMs: 10, latencyMs: 20 }, failures)]);
  expect(figures).toMatchObject({ sent: 6, failed: 2, failedPosts: 1, failedAway: 1 });
  expect(figures.perMillion).toBeCloseTo(333_333, 0);
  expect(figures.perMillionBelow).toBeGreaterThan(figures.perMillion);
  expect(figures.problems).toEqual(["  2 times: hang up"]);
});

test("stretches of one way are judged apart and added up", () => {
  const figures = figuresOf([good, good]);
  expect(figures).toMatchObject({ switches: 2, sent: 8, textsSent: 40, notFollowed: 0, late: 0 });
  expect(figures.lastReply).toMatchObject({ count: 2, min: 10, max: 10 });
  expect(figures.perSecond).toBeCloseTo(2.5);
});

test("requests that the former color answers after the call are counted", () => {
  const late = sampleOf({ startedAt: 1_050, endedAt: 1_080, color: "blue" });
  const figures = figuresOf([stretchOf({ callMs: 10, latencyMs: 20 }, [late])]);
  expect(figures.late).toBe(1);
  expect(figures.lastReply.max).toBe(80);
});

test("a switch without a reply of the new color is without effect", () => {
  const stretch = stretchOf({ callMs: 10, latencyMs: 20 });
  const samples = stretch.client.samples.filter(({ color }) => color === "blue");
  samples.push(sampleOf({ startedAt: 1_600, endedAt: 1_602 }));
  const figures = figuresOf([{ ...stretch, client: { ...stretch.client, samples } }]);
  expect(figures.notFollowed).toBe(1);
});

test("times of the peers have their ratio to the first way, counts have none", () => {
  const slower = figuresOf([stretchOf({ callMs: 25, latencyMs: 30 }, failures)]);
  const table = sideBySide([
    { name: "ours", figures: figuresOf([good]) },
    { name: "peer", figures: slower },
  ]);
  const line = (begin: string) => table.split("\n").find((each) => each.startsWith(begin));
  expect(table.split("\n")[0]).toMatch(/^ +ours +peer$/);
  expect(line("requests failed")).toMatch(/ 0 +2$/);
  expect(line("switch call p50")).toMatch(/ 10 +25 \(x 2\.5\)$/);
  expect(line("latency p99 within 250 ms")).toMatch(/ 20 +30 \(x 1\.5\)$/);
  expect(line("around a switch over otherwise")).toMatch(/ 10 +15$/);
});

test("no ratio is printed where the first way has nothing to divide by", () => {
  const none = figuresOf([stretchOf({ callMs: 0, latencyMs: 20 })]);
  const some = figuresOf([good]);
  const table = sideBySide([
    { name: "ours", figures: none },
    { name: "peer", figures: some },
  ]);
  expect(table.split("\n").find((each) => each.startsWith("switch call p50"))).toMatch(/ 0 +10$/);
});

test("notes name what failed, and are empty where all is well", () => {
  const bad = figuresOf([stretchOf({ callMs: 10, latencyMs: 20 }, failures)]);
  expect(notesOf({ name: "ours", figures: figuresOf([good]) })).toEqual([]);
  expect(notesOf({ name: "peer", figures: bad })).toEqual([
    "peer: 2 failed, 1 of them further than 250 ms away:",
    "  2 times: hang up",
  ]);
});
