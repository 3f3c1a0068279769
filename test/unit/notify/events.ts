/** Events of a rollout as the tests of notifications write them down. */

import type { Event, RolloutSummary } from "../../../automation/event.ts";
import type { Phase, Verdict } from "../../../infra/model.ts";

export const rollout: RolloutSummary = {
  ...{ id: "r-2", kind: "deploy", color: "green", former: "blue", version: "2" },
  phase: "provision",
};

export function started(command = "deploy", rolloutId = "r-2"): Event {
  const by = { user: "ann", host: "build-3", pid: 7, started: "now" };
  return { kind: "Started", command, rolloutId, by };
}

export function entered(phase: Phase, baked: Verdict | null = null): Event {
  return { kind: "Entered", rollout: { ...rollout, phase }, baked };
}

export function failed(code: string, message = `${code} it is`): Event {
  return { kind: "Failed", code, message, hint: null, details: ["a detail nobody is told"] };
}

export const finished: Event = { kind: "Finished", sentence: "green serves 2", exitCode: 0 };

export const back: Event = { kind: "RolledBack", to: "blue", reason: "6 of 6 answers failed" };
