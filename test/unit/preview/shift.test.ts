/** A preview of a shift in steps: each of them, the total time, and the switch as the change. */

import { expect, test } from "vitest";
import { summarize } from "../../../automation/preview/summarize.ts";
import { deploy, factsOf, outputsOf, simulated, switchTo, viewOf } from "./facts-of.ts";

const steps = [
  { weight: 10, forMs: 120_000 },
  { weight: 50, forMs: 300_000 },
];

test("a deploy in steps lists them, and its time counts them", () => {
  const view = viewOf({ colors: { blue: outputsOf("blue", "1"), green: null } });
  const simulation = simulated(deploy("3"), view, steps);
  const asked = { kind: "deploy", version: "3" } as const;
  const summary = summarize(factsOf({ asked, view, simulation, router: null }));
  expect(summary.steps.filter((step) => /shift|watch|switch/.test(step))).toEqual([
    "shift to 10 %, watched for 2m",
    "watch green at 10 %",
    "shift to 50 %, watched for 5m",
    "watch green at 50 %",
    "switch",
  ]);
  expect(summary.outcome).toBe("switch");
  expect(summary.headline).toBe("dev: traffic blue (1) -> green (3) through local");
  const { switchedMs = 0, totalMs = 0 } = summary.expected ?? {};
  expect(switchedMs).toBeGreaterThan(420_000);
  expect(totalMs - (switchedMs ?? 0)).toBeLessThan(60_000);
});

test("the switch is previewed from before the first step, as the router is now", () => {
  const { flip } = simulated(switchTo("green"), viewOf(), steps);
  expect(flip).toMatchObject({
    request: { kind: "Switch" },
    color: "green",
    record: { activeColor: "blue", weights: { blue: 100, green: 0 } },
    next: { activeColor: "green", weights: { blue: 0, green: 100 } },
  });
});
