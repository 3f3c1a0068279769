import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { formatDuration, parseDuration } from "../../../infra/duration.ts";

describe("durations", () => {
  test.each([
    ["250ms", 250],
    ["30s", 30_000],
    ["15m", 900_000],
    ["24h", 86_400_000],
    ["1h30m", 5_400_000],
    ["1m500ms", 60_500],
    ["90s", 90_000],
    ["0s", 0],
  ])("%s is %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    "",
    "30",
    "s",
    "-5s",
    "1.5s",
    "5 s",
    "5S",
    "30s ",
    "30m1h",
    "5d",
    "1s1s",
    "9999999999s",
  ])("%j is none", (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test("every number of milliseconds is read back from its text", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});
