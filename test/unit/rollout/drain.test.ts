/** How long what a color still answers is waited for, before anything of it goes. */

import { describe, expect, test } from "vitest";
import { drainLeftMs, hasNothingOpen } from "../../../automation/rollout/drain.ts";
import type { Color, ColorTraffic, RouterReading } from "../../../infra/model.ts";
import { perColor } from "../../../infra/model.ts";
import { inMinutes, nowMs, outputsOf, viewOf } from "../rules/views.ts";

const drainMs = 30_000;
const secondsAgo = (seconds: number): string => new Date(nowMs - seconds * 1_000).toISOString();

function open(busy: Color | null): RouterReading["traffic"] {
  const traffic = (color: Color): ColorTraffic => {
    return { requests: 9, errors: 0, open: color === busy ? 2 : 0, lastRequestAt: null };
  };
  return { kind: "counted", colors: perColor(traffic) };
}

function left(switchedAt: string | null, traffic = open("green"), given = false): number {
  const green = outputsOf("green", "2", { given });
  const view = viewOf({ colors: { green }, record: { switchedAt }, reading: { traffic } });
  return drainLeftMs(view, "green", drainMs);
}

describe("a color with open requests is waited for", () => {
  test("until the drain time since it lost its traffic is over", () => {
    expect(left(secondsAgo(10))).toBe(20_000);
    expect(left(secondsAgo(31))).toBe(0);
  });

  test("not longer than that by a clock that is ahead", () => {
    expect(left(inMinutes(60))).toBe(drainMs);
  });

  test("by time alone where nobody counts", () => {
    expect(left(secondsAgo(10), { kind: "unknown" })).toBe(20_000);
  });
});

describe("nobody waits", () => {
  test("for a color without open requests, or whose instances stay", () => {
    expect(left(secondsAgo(10), open("blue"))).toBe(0);
    expect(left(secondsAgo(10), open("green"), true)).toBe(0);
    expect(left(null)).toBe(0);
  });

  test("for a router that doesn't run", () => {
    const { reading } = viewOf({ reading: { weights: null, traffic: { kind: "unknown" } } });
    expect(hasNothingOpen(reading, "green")).toBe(true);
  });
});
