import { describe, expect, test } from "vitest";

import { frozenAt } from "../../../infra/freeze.ts";
import { refusedByFreeze } from "../../../infra/rules/freeze.ts";
import type { FreezeSettings } from "../../../infra/config/freeze.ts";

const hour = 3_600_000;
const zone = "Europe/Berlin";
const weekend = { start: "0 16 * * FRI", forMs: 64 * hour, reason: "weekend" };
const nights = { start: "0 2 * * *", forMs: 3 * hour, reason: null };

function at(moment: string, freeze: Partial<FreezeSettings>) {
  return frozenAt({ zone, windows: [], only: [], ...freeze }, Date.parse(moment));
}

describe("a freeze window", () => {
  test("stops a switch from its first moment to its last", () => {
    const windows = [weekend];
    expect(at("2026-11-20T14:59:59Z", { windows })).toBe(null);
    expect(at("2026-11-20T15:00:00Z", { windows })).toEqual({
      reason: "weekend",
      until: "2026-11-23T07:00:00.000Z",
      untilThere: "2026-11-23 08:00 Europe/Berlin",
    });
    expect(at("2026-11-23T06:59:59Z", { windows })?.until).toBe("2026-11-23T07:00:00.000Z");
    expect(at("2026-11-23T07:00:00Z", { windows })).toBe(null);
  });

  test("begins once, where it names a day", () => {
    const windows = [{ start: "2026-12-20T00:00", forMs: 312 * hour, reason: "holidays" }];
    expect(at("2026-12-19T22:59:00Z", { windows })).toBe(null);
    expect(at("2026-12-19T23:00:00Z", { windows })?.untilThere).toBe(
      "2027-01-02 00:00 Europe/Berlin",
    );
    expect(at("2027-12-20T12:00:00Z", { windows })).toBe(null);
  });

  test("follows the clocks when they change", () => {
    const windows = [{ start: "0 9 * * *", forMs: hour, reason: null }];
    expect(at("2026-10-24T07:30:00Z", { windows })?.until).toBe("2026-10-24T08:00:00.000Z");
    expect(at("2026-10-26T07:30:00Z", { windows })).toBe(null);
    expect(at("2026-10-26T08:30:00Z", { windows })?.reason).toBe("a freeze window");
  });

  test("ends where the last one of several that follow each other does", () => {
    const next = { start: "0 8 * * MON", forMs: 2 * hour, reason: "planning" };
    const frozen = at("2026-11-21T12:00:00Z", { windows: [weekend, next] });
    expect(frozen).toMatchObject({ reason: "weekend", until: "2026-11-23T09:00:00.000Z" });
  });

  test("has no end that could be foreseen where it never opens again", () => {
    const windows = [{ start: "* * * * *", forMs: hour, reason: null }];
    expect(at("2026-11-21T12:00:00Z", { windows })).toMatchObject({ until: null });
  });
});

describe("low-traffic windows", () => {
  test("are the only times for a switch", () => {
    expect(at("2026-11-21T01:00:00Z", { only: [nights] })).toBe(null);
    expect(at("2026-11-21T12:00:00Z", { only: [nights] })).toEqual({
      reason: "it isn't a low-traffic window",
      until: "2026-11-22T01:00:00.000Z",
      untilThere: "2026-11-22 02:00 Europe/Berlin",
    });
  });

  test("don't open a freeze window", () => {
    const both = { windows: [weekend], only: [nights] };
    expect(at("2026-11-21T01:30:00Z", both)).toMatchObject({
      reason: "weekend",
      until: "2026-11-24T01:00:00.000Z",
    });
  });

  test("that never come have no end", () => {
    const only = [{ start: "0 0 30 2 *", forMs: hour, reason: null }];
    expect(at("2026-11-21T12:00:00Z", { only })).toMatchObject({ until: null });
  });
});

test("the refusal says how long, why, and what is never frozen", () => {
  const error = refusedByFreeze({ reason: "weekend", until: "x", untilThere: "Monday" });
  expect(error).toMatchObject({
    code: "FROZEN",
    message: "switches are frozen until Monday: weekend",
  });
  expect(error.hint).toMatch(/--override-freeze REASON.*a rollback is never frozen/);
  const endless = refusedByFreeze({ reason: "weekend", until: null, untilThere: null });
  expect(endless.message).toBe("switches are frozen: weekend");
});
