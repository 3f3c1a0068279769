/** Views of a made-up environment, for the rules that only look at data. */

import { emptyRecord, perColor, weightsOf } from "../../../infra/model.ts";
import type {
  Claim,
  Color,
  ColorOutputs,
  Owner,
  PerColor,
  Pin,
  Rollout,
  RouterReading,
  RouterRecord,
  TargetReading,
} from "../../../infra/model.ts";
import type { Observed } from "../../../infra/observation.ts";
import { schemaWith } from "../../../infra/rules/record.ts";
import type * as request from "../../../infra/rules/request.ts";

export const nowMs = Date.UTC(2030, 0, 1, 12);

/** Minutes from now as an instant. */
export function inMinutes(minutes: number): string {
  return new Date(nowMs + minutes * 60_000).toISOString();
}

export const now = inMinutes(0);

export const alice: Owner = { user: "alice", host: "ci-1", pid: 11, started: "a" };
export const bob: Owner = { user: "bob", host: "ci-2", pid: 22, started: "b" };

export function outputsOf(
  color: Color,
  version: string,
  more: Partial<ColorOutputs> = {},
): ColorOutputs {
  return {
    schema: schemaWith(more.works ?? null, more.held ?? null),
    color,
    release: { version, digest: `sha-${version}` },
    addresses: [`127.0.0.1:${color === "blue" ? 1 : 2}000`],
    rolloutId: `r-${version}`,
    size: 2,
    held: null,
    readyInMs: null,
    given: false,
    component: null,
    spec: null,
    ...more,
  };
}

export function claimOf(more: Partial<Claim> = {}): Claim {
  return { color: "green", rolloutId: "r-2", until: inMinutes(30), owner: alice, ...more };
}

export function rolloutOf(phase: Rollout["phase"], more: Partial<Rollout> = {}): Rollout {
  return {
    id: "r-2",
    kind: "deploy",
    phase,
    since: inMinutes(-1),
    color: "green",
    former: "blue",
    version: "2",
    digest: phase === "provision" ? null : "sha-2",
    baseline: null,
    hooksDone: [],
    baked: null,
    ...more,
  };
}

export function pinOn(version: string, more: Partial<Pin> = {}): Pin {
  const pin = { version, digest: `sha-${version}`, reason: "it fails", by: "alice on ci-1" };
  return { ...pin, at: inMinutes(-10), until: null, ...more };
}

/** Blue is active with release 1 at generation 3; nothing else is said. */
export function recordOf(more: Partial<RouterRecord> = {}): RouterRecord {
  const active = more.activeColor === undefined ? "blue" : more.activeColor;
  return {
    ...emptyRecord,
    activeColor: active,
    weights: weightsOf(active),
    generation: 3,
    switchedAt: inMinutes(-60),
    ...more,
  };
}

export function targetOf(more: Partial<TargetReading> = {}): TargetReading {
  return { ready: 2, total: 2, problems: [], crashLoop: false, reachable: true, ...more };
}

export function readingOf(
  record: RouterRecord,
  colors: PerColor<ColorOutputs | null>,
  more: Partial<RouterReading> = {},
): RouterReading {
  return {
    weights: record.weights,
    generation: record.generation,
    rolloutId: "r-1",
    mark: null,
    former: null,
    attached: perColor((color) => colors[color]?.addresses ?? []),
    targets: perColor((color) => (colors[color] ? targetOf() : targetOf({ ready: 0, total: 0 }))),
    traffic: {
      kind: "counted",
      colors: perColor(() => ({ requests: 100, errors: 1, open: 0, lastRequestAt: null })),
    },
    settlesInMs: 0,
    problems: [],
    ...more,
  };
}

export interface Given {
  readonly record?: Partial<RouterRecord>;
  /** Default: the record. */
  readonly stored?: RouterRecord;
  readonly colors?: Partial<PerColor<ColorOutputs | null>>;
  readonly reading?: Partial<RouterReading>;
  readonly drift?: Observed["drift"];
  readonly frozen?: Observed["frozen"];
}

/** Blue serves release 1; green holds release 2. */
export function viewOf(given: Given = {}): Observed {
  const record = recordOf(given.record);
  const blue = outputsOf("blue", "1");
  const colors = { blue, green: outputsOf("green", "2"), ...given.colors };
  return {
    environment: "dev",
    stored: given.stored ?? record,
    record,
    drift: given.drift ?? { kind: "none" },
    reading: readingOf(record, colors, given.reading),
    colors,
    nowMs,
    rollbackWindowMs: 600_000,
    frozen: given.frozen ?? null,
  };
}

export function claimAsked(more: Partial<request.ClaimColor> = {}): request.ClaimColor {
  return {
    kind: "Claim",
    rolloutId: "r-3",
    rollout: "deploy",
    color: "green",
    version: "3",
    owner: alice,
    until: inMinutes(30),
    replaces: null,
    force: false,
    ...more,
  };
}

export function rollBackAsked(more: Partial<request.RollBack> = {}): request.RollBack {
  return {
    kind: "RollBack",
    reason: "orders fail",
    by: "bob",
    rolloutId: null,
    pin: false,
    ...more,
  };
}
