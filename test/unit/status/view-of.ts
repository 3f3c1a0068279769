/** An environment for tests of the status: blue serves release 1, green holds release 2. */

import { statusOf } from "../../../automation/status/report.ts";
import type { StatusInput, StatusReport } from "../../../automation/status/report.ts";
import { parseSettings } from "../../../infra/config.ts";
import type { Settings } from "../../../infra/config.ts";
import type { Color, ColorOutputs, Rollout, RouterRecord } from "../../../infra/model.ts";
import { emptyRecord, perColor, recordSchema, weightsOf } from "../../../infra/model.ts";
import type { Observed } from "../../../infra/observation.ts";

export const nowMs = Date.parse("2030-05-01T12:00:00.000Z");

export function at(secondsFromNow: number): string {
  return new Date(nowMs + secondsFromNow * 1_000).toISOString();
}

export function outputsOf(color: Color, version: string, size = 2): ColorOutputs {
  return {
    schema: recordSchema,
    color,
    release: { version, digest: `sha256:${version.repeat(64)}` },
    addresses: perColor((each) => Array.from({ length: size }, (_, i) => `${each}:${1001 + i}`))[
      color
    ],
    rolloutId: `r-${version}`,
    size,
    given: false,
    spec: null,
  };
}

export const servedByBlue: RouterRecord = {
  ...emptyRecord,
  activeColor: "blue",
  weights: weightsOf("blue"),
  declared: "blue",
  generation: 4,
};

export function rolloutIn(phase: Rollout["phase"], change: Partial<Rollout> = {}): Rollout {
  return {
    id: "r-2",
    kind: "deploy",
    phase,
    since: at(-60),
    color: "green",
    former: "blue",
    version: "2",
    digest: null,
    baseline: null,
    hooksDone: [],
    baked: null,
    ...change,
  };
}

export function viewOf(change: Partial<Observed> = {}): Observed {
  const record = change.record ?? servedByBlue;
  const colors = change.colors ?? { blue: outputsOf("blue", "1"), green: outputsOf("green", "2") };
  return {
    environment: "dev",
    stored: record,
    record,
    drift: { kind: "none" },
    reading: {
      weights: record.weights,
      generation: record.generation,
      rolloutId: null,
      mark: null,
      former: null,
      attached: perColor((color) => colors[color]?.addresses ?? []),
      targets: perColor((color) => {
        const total = colors[color]?.size ?? 0;
        return { ready: total, total, problems: [], crashLoop: false, reachable: true };
      }),
      traffic: { kind: "unknown" },
      settlesInMs: 0,
      problems: [],
    },
    colors,
    nowMs,
    rollbackWindowMs: 1_800_000,
    frozen: null,
    ...change,
  };
}

export function settingsWith(change: Readonly<Record<string, string>> = {}): Settings {
  const minimal = { environment: "dev", local: '{"command": ["node", "server.js"]}' };
  return parseSettings({ ...minimal, ...change });
}

export function reportOf(change: Partial<StatusInput> = {}): StatusReport {
  return statusOf({
    settings: settingsWith({ activeColor: "blue", generation: "4" }),
    settingsName: "Pulumi.dev.yaml",
    project: "shop",
    application: "shop-1",
    url: "http://127.0.0.1:8080",
    view: viewOf(),
    ownerGone: null,
    nowMs,
    ...change,
  });
}
