/** What counts as a failure in the demo, and what is the broken release's own. */
import { describe, expect, it } from "vitest";
import type { LoadCount } from "../../../automation/demo/load-facts.ts";
import {
  endProblems,
  resultOf,
  trafficProblems,
  trafficRow,
} from "../../../automation/demo/result.ts";
import { loadStep, sockets, stepRow, traffic } from "./rows.ts";

const broken = "4-after-switch";

describe("a step's traffic", () => {
  it("without failures raises no problem", () => {
    const row = trafficRow(loadStep, null);
    expect(row).toEqual(traffic);
    expect(trafficProblems(row, ["1", "2"])).toEqual([]);
  });

  it("keeps the 500s of the broken release apart, and nothing else", () => {
    const failedBy = { [`500 of ${broken}`]: 300, "500 of 2": 1, "502 of unknown": 2 };
    const reasons = { "GET /: answered 502": 2, "GET /: answered 500": 301 };
    const row = trafficRow({ ...loadStep, failed: 303, failedBy, reasons }, broken);
    expect(row).toMatchObject({ failed: 3, brokenRelease: 300 });
    expect(trafficProblems(row, ["1", "2"])).toEqual([
      "3 requests failed: 301 x GET /: answered 500, 2 x GET /: answered 502",
    ]);
  });

  it("counts a 500 of that release as a failure where it isn't expected", () => {
    const failedBy = { [`500 of ${broken}`]: 300 };
    const row = trafficRow({ ...loadStep, failed: 300, failedBy }, null);
    expect(row).toMatchObject({ failed: 300, brokenRelease: 0 });
  });

  it("counts requests that could not even be sent", () => {
    const row = trafficRow({ ...loadStep, unsent: 7 }, null);
    expect(row).toMatchObject({ failed: 7, reasons: ["7 x not sent"] });
  });

  it("tells how long clients met the broken release, and its failures", () => {
    const met = {
      ...loadStep.met,
      [broken]: { firstMs: 1_000, lastMs: 3_900, firstFailureMs: 1_900 },
    };
    expect(trafficRow({ ...loadStep, met }, broken).backAfter).toEqual({
      switchMs: 2_900,
      failureMs: 2_000,
    });
    expect(trafficRow(loadStep, broken).backAfter).toBeNull();
  });

  it("takes a WebSocket that was closed in order as reconnected, a broken one as failed", () => {
    const closed = trafficRow({ ...loadStep, sockets: { ...sockets, closed: 5, opened: 5 } }, null);
    expect(closed).toMatchObject({ reconnects: 5, socketFailures: 0 });
    const cut = trafficRow({ ...loadStep, sockets: { ...sockets, broken: 1, lost: 2 } }, null);
    expect(cut).toMatchObject({ reconnects: 1, socketFailures: 3 });
    expect(trafficProblems(cut, ["1", "2"])).toEqual(["3 failures on WebSockets"]);
  });

  it("is wrong when another release answers, or the expected one doesn't", () => {
    expect(trafficProblems(traffic, ["1"])).toEqual(["3200 answers came from 2"]);
    expect(trafficProblems(traffic, ["1", "2", "3"])).toEqual(["no answer came from release 3"]);
  });
});

describe("the end of the load", () => {
  const orders = { acknowledged: 3, once: 3, repeated: [], missing: [], problem: null };
  const count = { failed: 0, unsent: 0, failedBy: {}, orders } as unknown as LoadCount;

  it("is right when each order is there once and only the broken release failed", () => {
    const failedBy = { [`500 of ${broken}`]: 9 };
    expect(endProblems({ ...count, failed: 9, failedBy }, broken)).toEqual([]);
  });

  it("names orders that are missing or came twice, and failures outside every step", () => {
    const lost = { ...orders, once: 1, missing: ["a"], repeated: ["b"] };
    expect(endProblems({ ...count, failed: 1, orders: lost }, broken)).toEqual([
      "1 requests failed",
      "1 orders are missing",
      "1 orders came twice",
      "1 of 3 orders exist exactly once",
    ]);
  });

  it("is wrong when the orders weren't or couldn't be checked", () => {
    expect(endProblems({ ...count, orders: null }, broken)).toEqual(["the orders weren't checked"]);
    const unknown = { ...orders, problem: "status 503" };
    expect(endProblems({ ...count, orders: unknown }, broken)).toEqual([
      "the orders couldn't be checked: status 503",
    ]);
  });
});

describe("the result", () => {
  const run = { failure: null, ratePerSecond: 800, ms: 50_000.4, count: null, kept: null };

  it("sums what moved traffic apart from all", () => {
    const quiet = stepRow({ moves: false, traffic: { ...traffic, sent: 100, longestGapMs: 80 } });
    const result = resultOf({ ...run, steps: [stepRow(), quiet, stepRow({ traffic: null })] });
    expect(result).toMatchObject({
      ok: true,
      ms: 50_000,
      moves: { sent: 7_200, failed: 0 },
      total: { sent: 7_300, failed: 0, longestGapMs: 80 },
      orders: null,
    });
  });

  it("isn't ok with a failure", () => {
    const failure = { step: "rollback", expected: "exit code 0", got: "exit code 5", logs: [] };
    expect(resultOf({ ...run, failure, steps: [] })).toMatchObject({ ok: false, failure });
  });
});
