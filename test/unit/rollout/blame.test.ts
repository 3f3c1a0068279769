/** What follows a switch that the program took back because of the new color's errors. */

import { expect, test } from "vitest";
import { BlueGreenError } from "../../../infra/errors.ts";
import { decide } from "../../../automation/rollout/decide.ts";
import type { Goal } from "../../../automation/rollout/goal.ts";
import { noMemory } from "../../../automation/rollout/memory.ts";
import type { Given } from "../rules/views.ts";
import { alice, claimOf, outputsOf, pinOn, recordOf, rolloutOf, viewOf } from "../rules/views.ts";

const failure = new BlueGreenError("ROLLED_BACK", "6 of 6 answers of green were errors");
const blamed = { version: "2", digest: "sha-2" };
const colors = { green: outputsOf("green", "2", { rolloutId: "r-2" }) };
const left = { ...pinOn("2"), by: "the proof of its switch" };
const open: Given = { colors, record: { rollout: rolloutOf("check"), claim: claimOf() } };
const pins = [pinOn("2")];

const deployTwo: Goal = { kind: "Deploy", version: "2", digest: "sha-2" };
const toGreen: Goal = { kind: "SwitchTo", color: "green", bake: true };

function next(given: Given, goal: Goal) {
  return decide({
    goal,
    policy: {
      claimMs: 1_800_000,
      rollbackWindowMs: 600_000,
      quietMs: 10_000,
      size: 1,
      gate: "automatic",
      gateMs: 86_400_000,
      hooks: [],
      steps: [],
    },
    self: { owner: alice, rolloutId: "r-9", isDead: () => false },
    view: viewOf(given),
    memory: { ...noMemory, rolloutId: "r-2", failure: { error: failure, blamed } },
  });
}

const pin = {
  kind: "Pin",
  ...blamed,
  reason: failure.message,
  by: "alice on ci-1",
  until: null,
};

const wentBack = {
  code: "ROLLED_BACK",
  message: failure.message,
  hint: expect.stringMatching(/^traffic is back on blue; the release is pinned/) as string,
};

test("a deployment pins the release, then ends its rollout, then says that it went back", () => {
  expect(next(open, deployTwo)).toEqual({ kind: "Update", request: pin });
  expect(next({ ...open, record: { ...open.record, pins } }, deployTwo)).toMatchObject({
    request: { kind: "Abort", rolloutId: "r-2", reason: failure.message },
  });
  expect(next({ colors, record: { pins } }, deployTwo)).toMatchObject({ error: wentBack });
});

test("what only the router keeps is recorded, too", () => {
  const stored = recordOf(open.record);
  const adopted = { ...open, stored, record: { ...open.record, pins: [left] } };
  expect(next(adopted, deployTwo)).toEqual({ kind: "Update", request: pin });
});

test("a switch, whose rollout was never recorded, pins the release and says that it went back", () => {
  expect(next({ colors }, toGreen)).toEqual({ kind: "Update", request: pin });
  expect(next({ colors, record: { pins } }, toGreen)).toMatchObject({ error: wentBack });
});
