/** Steps of a load and rows of a result, for tests that change one thing of them. */
import type { LoadStep } from "../../../automation/demo/load-facts.ts";
import type { StepRow, TrafficRow } from "../../../automation/demo/result.ts";

export const sockets: LoadStep["sockets"] = {
  opened: 0,
  refused: 0,
  closed: 0,
  broken: 0,
  sent: 40,
  echoed: 40,
  lost: 0,
  crossed: 0,
  unexpected: 0,
};

export const loadStep: LoadStep = {
  label: "rollout",
  ms: 9_000,
  sent: 7_200,
  ok: 7_200,
  failed: 0,
  byStatus: { 200: 7_200 },
  byColor: { blue: 4_000, green: 3_200 },
  byVersion: { 1: 4_000, 2: 3_200 },
  failedBy: {},
  unsent: 0,
  longestGapMs: 59,
  met: {
    1: { firstMs: 0, lastMs: 5_010, firstFailureMs: null },
    2: { firstMs: 5_000, lastMs: 9_000, firstFailureMs: null },
  },
  reasons: {},
  sockets,
};

export const traffic: TrafficRow = {
  sent: 7_200,
  failed: 0,
  brokenRelease: 0,
  backAfter: null,
  longestGapMs: 59,
  reconnects: 0,
  socketFailures: 0,
  answers: { 1: 4_000, 2: 3_200 },
  reasons: [],
};

export function stepRow(more: Partial<StepRow> = {}): StepRow {
  const command = { command: "bluegreen deploy --version 2", exitCode: 0, ms: 9_000 };
  return { name: "rollout of 2", moves: true, ms: 9_010, commands: [command], traffic, ...more };
}
