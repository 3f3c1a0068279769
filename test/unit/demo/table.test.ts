/** The demo's table fits a terminal and says what was lost. */
import { expect, it } from "vitest";
import { resultOf } from "../../../automation/demo/result.ts";
import { conclusionLines, tableLines } from "../../../automation/demo/table.ts";
import { paint } from "../../../automation/report/paint.ts";
import { stepRow, traffic } from "./rows.ts";

const plain = paint(false);
const broken = {
  ...traffic,
  sent: 123_456,
  brokenRelease: 312,
  backAfter: { switchMs: 2_900, failureMs: 2_040 },
  longestGapMs: 1_234,
  reconnects: 10,
};
const result = resultOf({
  steps: [
    stepRow({ name: "first release", moves: false, traffic: null }),
    stepRow(),
    stepRow({ name: "broken release 4", traffic: broken }),
  ],
  failure: null,
  ratePerSecond: 800,
  ms: 58_000,
  count: null,
  kept: null,
});

it("has a row per step, without numbers where there was no load", () => {
  expect(tableLines(result, plain)).toEqual([
    "step                          time  requests  failed     gap  reconnects",
    "------------------------------------------------------------------------",
    "first release                9.0 s                                      ",
    "rollout of 2                 9.0 s     7,200       0   59 ms           0",
    "broken release 4             9.0 s   123,456      0* 1234 ms          10",
    "------------------------------------------------------------------------",
    "in all                      58.0 s   130,656       0 1234 ms          10",
    "* and 312 answered 500 by the broken release itself",
    "  broken release 4: bad for 2.0 s, 312 requests failed until traffic was back",
    "gap: longest time without a good answer; reconnects: WebSockets opened again",
  ]);
});

it("fits 80 columns", () => {
  expect(Math.max(...tableLines(result, plain).map((line) => line.length))).toBeLessThanOrEqual(80);
});

it("concludes with what was lost, and with the orders", () => {
  const orders = { acknowledged: 1_200, once: 1_200, repeated: [], missing: [], problem: null };
  expect(conclusionLines({ ...result, orders }, plain)).toEqual([
    "0 failed of 130,656 requests during switches and rollbacks.",
    "1,200 orders (POST) were acknowledged, each exists exactly once.",
  ]);
  const lost = { ...orders, once: 1_199 };
  expect(conclusionLines({ ...result, orders: lost }, plain).at(1)).toBe(
    "1,200 orders (POST) were acknowledged, 1,199 of them exist exactly once.",
  );
});
