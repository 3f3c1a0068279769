/** What the status says of a color that is held warm. */

import { describe, expect, test } from "vitest";
import { renderStatus } from "../../../automation/status/render.ts";
import { statusOf } from "../../../automation/status/report.ts";
import { paint } from "../../../automation/report/paint.ts";
import type { ColorOutputs } from "../../../infra/model.ts";
import { weightsOf } from "../../../infra/model.ts";
import { nowMs, outputsOf, rolloutIn, servedByBlue, settingsWith, viewOf } from "./view-of.ts";

const held = { rolloutId: "r-2", full: 4 };
const green = outputsOf("green", "2", 4);
const shrunk: ColorOutputs = { ...outputsOf("blue", "1", 1), held };
const rollout = rolloutIn("hold", { baked: { verdict: "pass", sentence: "well" }, warm: 1 });
const record = {
  ...servedByBlue,
  activeColor: "green",
  weights: weightsOf("green"),
  previousRelease: { color: "blue", release: shrunk.release },
  rollout,
} as const;

function report(blue: ColorOutputs, change: { serves?: "blue"; settings?: object } = {}) {
  const { serves, settings = {} } = change;
  const now = serves ? { ...record, activeColor: serves, weights: weightsOf(serves) } : record;
  return statusOf({
    settings: settingsWith({ hold: JSON.stringify({ warm: 1, ...settings }) }),
    settingsName: "Pulumi.dev.yaml",
    project: "shop",
    application: null,
    url: "http://127.0.0.1:8080",
    view: viewOf({ record: { ...now, rollout: serves ? null : rollout }, colors: { blue, green } }),
    ownerGone: null,
    nowMs,
  });
}

describe("a color that is held warm", () => {
  test("is told with its size, and how long it took when it was filled", () => {
    const status = report({ ...shrunk, readyInMs: 2_400 });
    const sentence =
      "release 1, held warm with 1 of 4 instances, full again in about 3s (measured when it was filled)";
    expect(status.colors.blue.warm).toMatchObject({ size: 1, full: 4, growsInMs: 2_400, sentence });
    expect(renderStatus(status, paint(false))).toContain(`  blue      ${sentence}`);
    expect(status.rollback.sentence).toContain("grows from 1 to 4 instances first, about 3s");
  });

  test("is told by the settings' limit where nothing was measured, and says so", () => {
    expect(report(shrunk).colors.blue.warm).toMatchObject({
      basis: "settings",
      sentence: expect.stringMatching(
        /full again within \w+ \(an estimate: the settings/,
      ) as string,
    });
  });

  test("says where a rollback wouldn't wait long enough", () => {
    const status = report({ ...shrunk, readyInMs: 9_000 }, { settings: { growWithin: "5s" } });
    expect(status.colors.blue.warm?.sentence).toContain(
      "a rollback waits 5s at most and goes back to what is ready then",
    );
  });

  test("that isn't shrunk yet says so, and its way back takes no longer", () => {
    const status = report(outputsOf("blue", "1", 4));
    expect(status.colors.blue.warm?.sentence).toContain("to be held warm with 1 of 4 instances");
    expect(status.rollback.sentence).toContain("kept hot");
  });

  test("that serves so is a problem, with what to do", () => {
    const { problems, colors } = report(shrunk, { serves: "blue" });
    expect(colors.blue.warm).toMatchObject({ size: 1, full: 4 });
    expect(problems).toContainEqual({
      subject: "blue",
      sentence: "it serves with 1 of 4 instances, as it was held warm",
      advice: "grow it: `bluegreen up`",
    });
  });

  test("of full size is told as ever", () => {
    expect(report({ ...outputsOf("blue", "1", 4), held }).colors.blue.warm).toBeNull();
  });
});
