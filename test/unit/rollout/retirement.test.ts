/** When the idle color may go, and what a person is told while it may not. */

import { describe, expect, test } from "vitest";
import type { Given } from "../rules/views.ts";
import { claimOf, inMinutes } from "../rules/views.ts";
import { inRollout, next, wordOf } from "./situations.ts";

describe("a retirement", () => {
  const goal = { kind: "RetireIdle", color: "green", force: false } as const;
  const forced = { ...goal, force: true };
  const traffic = (open: number, lastRequestAt: string | null, color = "green"): Given => ({
    reading: {
      traffic: {
        kind: "counted",
        colors: {
          blue: { requests: 9, errors: 0, open: 0, lastRequestAt: null },
          green: { requests: 9, errors: 0, open: 0, lastRequestAt: null },
          [color]: { requests: 9, errors: 0, open, lastRequestAt },
        },
      },
    },
  });
  const secondsAgo = (seconds: number): string => inMinutes(-seconds / 60);

  test("goes from the latch over the emptying to its end", () => {
    expect(next({}, { goal })).toMatchObject({ request: { kind: "Retire", color: "green" } });
    const record = { retiring: "green" } as const;
    expect(next({ record }, { goal })).toEqual({ kind: "Empty", color: "green" });
    expect(wordOf(next({ record, colors: { green: null } }, { goal }))).toBe("Retired");
    expect(wordOf(next({ colors: { green: null } }, { goal }))).toBe("Finish");
  });

  test("also empties a color that never got to its end", () => {
    const half = { claim: claimOf({ rolloutId: "r-3", owner: null }) };
    const colors = { green: null };
    expect(wordOf(next({ record: half, colors }, { goal: forced }))).toBe("Retire");
    const latched: Given = { record: { ...half, retiring: "green" }, colors };
    expect(wordOf(next(latched, { goal: forced }))).toBe("Empty");
    expect(wordOf(next(latched, { goal: forced, memory: { emptied: "green" } }))).toBe("Retired");
  });

  test.each<[string, Given, string]>([
    ["an open request", traffic(1, null), "COLOR_BUSY"],
    ["a request a moment ago", traffic(0, secondsAgo(9)), "COLOR_BUSY"],
    ["traffic by weight", { record: { weights: { blue: 90, green: 10 } } }, "COLOR_SERVES"],
    ["the last request long ago", traffic(0, secondsAgo(10)), "Retire"],
    ["requests to the other color", traffic(5, secondsAgo(0), "blue"), "Retire"],
    ["traffic that can't be counted", { reading: { traffic: { kind: "unknown" } } }, "Retire"],
  ])("meets %s", (_name, given, word) => {
    expect(wordOf(next(given, { goal }))).toBe(word);
  });

  test("tells of the window first: that can be waited for by the clock", () => {
    const busy = traffic(1, secondsAgo(0));
    const windowed = { ...busy, record: { rollbackUntil: inMinutes(5) } };
    expect(wordOf(next(windowed, { goal }))).toBe("WINDOW_OPEN");
    expect(wordOf(next({ ...busy, record: { rollbackUntil: inMinutes(-5) } }, { goal }))).toBe(
      "COLOR_BUSY",
    );
    const claimed = inRollout("provision", { ...busy, record: { rollbackUntil: inMinutes(5) } });
    expect(wordOf(next(claimed, { goal }))).toBe("CLAIMED");
    expect(wordOf(next(windowed, { goal: forced }))).toBe("Retire");
  });

  test("by force doesn't wait for silence", () => {
    expect(wordOf(next(traffic(3, secondsAgo(0)), { goal: forced }))).toBe("Retire");
  });
});
