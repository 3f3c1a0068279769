/** The status in the middle of a shift: the step, its end, and the way back. */

import { expect, test } from "vitest";
import { renderStatus } from "../../../automation/status/render.ts";
import { paint } from "../../../automation/report/paint.ts";
import { at, reportOf, rolloutIn, servedByBlue, settingsWith, viewOf } from "./view-of.ts";

const shift = JSON.stringify({
  steps: [
    { weight: 10, for: "2m" },
    { weight: 50, for: "5m" },
  ],
});
const claim = { color: "green" as const, rolloutId: "r-2", until: at(600), owner: null };

function shiftedTo(green: number) {
  const weights = { blue: 100 - green, green };
  const record = { ...servedByBlue, weights, rollout: rolloutIn("shift"), claim };
  return reportOf({ settings: settingsWith({ shift }), view: viewOf({ record }) });
}

test("says which step it is in, and until when", () => {
  const report = shiftedTo(50);
  expect(report.rollout?.step).toEqual({ step: 2, steps: 2, weight: 50, endsAt: at(240) });
  const text = renderStatus(report, paint(false));
  expect(text).toContain(`2 of 2: green has 50 %, until ${at(240)}`);
  expect(text).toMatch(/phase +shift, since/);
});

test("says that traffic may go back to the color that has the rest", () => {
  expect(shiftedTo(10).rollback).toMatchObject({ possible: true, to: "blue" });
});

test("names no step for a share that the settings don't have", () => {
  expect(shiftedTo(30).rollout?.step).toBeNull();
});
