import { describe, expect, test } from "vitest";
import { judgeCapacity } from "../../../automation/checks/capacity.ts";
import type { CapacityEqual } from "../../../automation/checks/check.ts";
import { judgeBurst, quantileOf } from "../../../automation/checks/load.ts";
import { judgeReading } from "../../../automation/checks/metric.ts";
import { equalOf } from "../../../automation/operations/capacity.ts";
import type { ColorOutputs, TargetReading } from "../../../infra/model.ts";
import { emptyRecord, perColor } from "../../../infra/model.ts";

describe("a burst", () => {
  const check = { errors: 0, withinMs: 0, quantile: 0.99, concurrency: 16 };
  const times = Array.from({ length: 100 }, (_, index) => index + 1);
  const count = { planned: 100, sent: 100, failed: 0, elsewhere: 0, times, problems: [] };
  const said = { subject: "green answered it", cut: false };

  test("that is answered well passes with its times", () => {
    const { verdict, sentence } = judgeBurst(check, count, said);
    expect([verdict, sentence]).toEqual(["pass", "green answered it, p50 50 ms, p99 99 ms"]);
  });

  test("passes with the share of failures that is allowed, and with not one more", () => {
    const some = { ...check, errors: 0.03 };
    const seen = (failed: number) => judgeBurst(some, { ...count, failed, problems: ["x"] }, said);
    expect(seen(3).verdict).toBe("pass");
    expect(seen(4)).toMatchObject({
      verdict: "fail",
      sentence:
        "4 of 100 requests failed (4 %), 3 % are allowed; green answered it, p50 50 ms, p99 99 ms; first: x",
    });
  });

  test("fails where requests had to wait for too long to be sent", () => {
    const { verdict, sentence } = judgeBurst(check, { ...count, sent: 60 }, said);
    expect(verdict).toBe("fail");
    expect(sentence).toContain(
      "40 of 100 requests failed (40 %), 40 of them unsent as 16 were under way, none is allowed",
    );
  });

  test("fails where the quantile that is asked for is too slow", () => {
    const slow = (quantile: number, withinMs: number) =>
      judgeBurst({ ...check, quantile, withinMs }, count, said);
    expect(slow(0.9, 90).verdict).toBe("pass");
    expect(slow(0.9, 89).sentence).toMatch(/^p90 was 90 ms, 89ms allowed; /);
    expect(slow(0.999, 99).sentence).toMatch(/^p99\.9 was 100 ms, 99ms allowed; /);
  });

  test("is inconclusive where nobody was reached, however few could be sent", () => {
    const away = { ...count, sent: 16, times: [], elsewhere: 16, problems: ["no route"] };
    const { verdict, sentence } = judgeBurst(check, away, said);
    expect(verdict).toBe("inconclusive");
    expect(sentence).toBe("16 of 100 requests can't reach an instance from here: no route");
  });

  test("is an error where it was cut short, never a pass", () => {
    const cut = judgeBurst(check, { ...count, sent: 60 }, { ...said, cut: true });
    expect(cut).toMatchObject({
      verdict: "error",
      sentence: "it was ended after 60 of 100 requests",
    });
  });

  test("has quantiles that were really seen", () => {
    expect(quantileOf([], 0.5)).toBeNull();
    expect(quantileOf([7], 0.99)).toBe(7);
    expect(quantileOf([4, 1, 3, 2], 0.5)).toBe(2);
    expect(quantileOf(times, 0.07)).toBe(7);
  });
});

describe("a metric's reading", () => {
  const limits = { metric: "lag", atMost: 10, atLeast: 2 };

  test.each<[object, string, string]>([
    [{ value: 10 }, "pass", "lag of green is 10, at least 2 and at most 10 allowed"],
    [{ value: 10.5 }, "fail", "lag of green is 10.5, at least 2 and at most 10 allowed"],
    [{ value: 1 }, "fail", "lag of green is 1, at least 2 and at most 10 allowed"],
    [{ error: "it is down" }, "error", "lag of green can't be read: it is down"],
    [{ bad: 0, total: 0 }, "error", "lag of green has counted nothing yet"],
  ])("%j is %s", (reading, verdict, sentence) => {
    const found = judgeReading(limits, "green", reading as { value: number });
    expect([found.verdict, found.sentence]).toEqual([verdict, sentence]);
  });

  test("of counts is the share of bad ones", () => {
    const share = { metric: "orders", atMost: 0.02, atLeast: null };
    expect(judgeReading(share, "green", { bad: 4, total: 200 }).verdict).toBe("pass");
    expect(judgeReading(share, "green", { bad: 5, total: 200 }).sentence).toBe(
      "orders of green is 5 bad of 200 (2.5 %), at most 0.02 allowed",
    );
  });
});

function targetOf(ready: number, total = ready): TargetReading {
  return { ready, total, problems: [], crashLoop: false, reachable: true };
}

describe("a color's capacity", () => {
  const blue: CapacityEqual = { size: 3, color: "blue" };

  test.each<[number | string | null, CapacityEqual | null, number, string, string]>([
    [null, blue, 3, "pass", "3 needed: 3 of blue"],
    [null, blue, 2, "fail", "3 needed: 3 of blue"],
    [null, { size: 2, color: null }, 1, "fail", "2 needed: 2 configured"],
    ["50%", blue, 2, "pass", "2 needed: 50% of the 3 of blue"],
    ["150%", blue, 4, "fail", "5 needed: 150% of the 3 of blue"],
    ["1%", blue, 0, "fail", "1 needed: 1% of the 3 of blue"],
    [2, null, 2, "pass", "2 needed"],
    [null, null, 9, "inconclusive", "how many stand behind an address isn't known"],
  ])("at least %s of %j with %i ready: %s", (atLeast, equal, ready, verdict, part) => {
    const found = judgeCapacity(atLeast, "green", { target: targetOf(ready, 9), equal });
    expect(found.verdict).toBe(verdict);
    expect(found.sentence).toContain(`${ready} of 9 instances of green are ready, `);
    expect(found.sentence).toContain(part);
  });

  test("is inconclusive where the instances can't be reached", () => {
    const target = { ...targetOf(3), reachable: false };
    expect(judgeCapacity(null, "green", { target, equal: blue }).verdict).toBe("inconclusive");
  });
});

describe("what a color is compared with", () => {
  const held = (size: number, component: string | null = null) =>
    ({ size, component }) as unknown as ColorOutputs;
  const active = { ...emptyRecord, activeColor: "blue" } as const;
  const reading = { targets: { blue: targetOf(3, 5), green: targetOf(2) } };

  test("is the active color's size, and what the platform added to it", () => {
    const colors = { blue: held(4), green: held(2) };
    const equal = equalOf({ record: active, colors, reading }, "green", 2);
    expect(equal).toEqual({ size: 5, color: "blue" });
    const more = { blue: held(6), green: held(2) };
    expect(equalOf({ record: active, colors: more, reading }, "green", 2)?.size).toBe(6);
  });

  test("is the configured size at a first release", () => {
    const colors = { blue: null, green: held(2) };
    expect(equalOf({ record: emptyRecord, colors, reading }, "green", 4)).toEqual({
      size: 4,
      color: null,
    });
  });

  test("is nothing where only one of the two is made by a component of one's own", () => {
    const made = (size: number) => held(size, "abc");
    const view = (blue: ColorOutputs | null) => ({
      record: blue ? active : emptyRecord,
      colors: { ...perColor(() => made(9)), blue },
      reading,
    });
    expect(equalOf(view(held(4)), "green", 2)).toBeNull();
    expect(equalOf(view(made(9)), "green", 2)).toEqual({ size: 5, color: "blue" });
    expect(equalOf(view(null), "green", 9)).toBeNull();
    expect(equalOf(view(null), "green", 2)).toEqual({ size: 2, color: null });
  });
});
