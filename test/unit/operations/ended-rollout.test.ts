/** A run that only waits learns who has ended its rollout, without asking all the time. */

import { expect, test } from "vitest";
import { endingWatch } from "../../../automation/operations/ended-rollout.ts";
import { parseSettings } from "../../../infra/config.ts";
import { minimal } from "../config/refusal.ts";
import type { Given } from "../rules/views.ts";
import { rolloutOf, viewOf } from "../rules/views.ts";

const abort = {
  ...{ kind: "update", result: "succeeded", startTime: "2030-05-01T12:00:00Z" },
  message: "abort: wrong release [ann on build-3]",
  environment: { "exec.kind": "auto.inline" },
};

function watched(...views: readonly Given[]) {
  const time = { ms: 0, looks: 0 };
  const clock = { now: () => time.ms, sleep: () => Promise.resolve() };
  const observe = () => Promise.resolve(viewOf(views[time.looks++] ?? {}));
  const engine = { cli: () => Promise.resolve(JSON.stringify([abort])) };
  const from = { environment: { observe }, engine, settings: parseSettings(minimal) };
  return { time, ended: endingWatch(from, { id: "r-2", phase: "check" }, clock) };
}

test("says how and by whom the rollout was ended, and looks every two seconds", async () => {
  const { time, ended } = watched({ record: { rollout: rolloutOf("check") } }, {});
  for (time.ms = 500; time.ms <= 3_500; time.ms += 500) expect(await ended()).toBeNull();
  expect(time.looks).toBe(1);
  time.ms = 4_500;
  expect(await ended()).toBe(
    "rollout r-2 was ended meanwhile: abort: wrong release (ann on build-3)",
  );
});

test("has nothing to say where no rollout was open", async () => {
  const { time, ended } = watched();
  time.ms = 5_000;
  expect(await ended()).toBe(
    "rollout r-2 was ended meanwhile: abort: wrong release (ann on build-3)",
  );
});
