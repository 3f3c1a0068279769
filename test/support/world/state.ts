/** Everything that is true in the simulated world, as plain data: it can be copied and compared. */

import type { ShiftStep } from "../../../automation/rollout/goal.ts";
import type { HookStage } from "../../../infra/hook-stages.ts";
import type { Address, Color, Owner, Release } from "../../../infra/model.ts";
import { emptyRecord, perColor, weightsOf } from "../../../infra/model.ts";
import type { RouterRecord, Weights } from "../../../infra/model.ts";
import type { Routes } from "../../../infra/platform.ts";
import { times } from "./settings.ts";

export type Outputs = Readonly<Record<string, unknown>>;

export interface Stack {
  /** Null while the stack doesn't exist. */
  outputs: Outputs | null;
  /** Process that holds the lock. */
  lockedBy: number | null;
  /** Inputs of the route resource as the engine saved them last; router's stack only. */
  routes: Routes | null;
}

/** What really runs in a color, whatever its stack says. */
export interface Fill {
  readonly release: Release;
  readonly addresses: readonly Address[];
  /** False while it is being filled, and for good where that was cut short. */
  readonly whole: boolean;
}

export interface Counter {
  requests: number;
  errors: number;
  lastRequestAtMs: number | null;
  /** When the color first got traffic with this fill. */
  trafficSinceMs: number | null;
}

export interface SimulatedProcess {
  readonly name: string;
  readonly owner: Owner;
  alive: boolean;
  /** A person has pressed Ctrl-C: it ends after the step that it is in. */
  interrupted: boolean;
}

export interface WorldState {
  nowMs: number;
  /** The setting `gate` of every checkout. */
  gate: "automatic" | "manual";
  /** The setting `shift.steps` of every checkout. */
  steps: readonly ShiftStep[];
  /** The setting `hold.warm` of every checkout. */
  warm: number | null;
  /** The setting `bake.duration` of every checkout. */
  bakeMs: number;
  /** Stages that have hooks in every checkout. */
  hooks: readonly HookStage[];
  /** What users send, all of them together. */
  requestsPerSecond: number;
  /** How long each request takes; 0: no time at all. */
  requestMs: number;
  /** Numbers for addresses, processes and rollouts. */
  next: number;
  readonly router: Stack;
  readonly colors: Record<Color, Stack>;
  /** Null until the router was made. */
  routes: Routes | null;
  readonly fills: Record<Color, Fill | null>;
  readonly counters: Record<Color, Counter>;
  readonly processes: SimulatedProcess[];
  /** Addresses whose checks passed. */
  readonly checked: string[];
  /** Stages whose hooks were run to their end, with the rollout that they were told of. */
  readonly hooked: { readonly stage: HookStage; readonly rolloutId: string }[];
  /** What the database really is at. */
  schema: number;
  /** Names of the processes that run a migration step. */
  readonly migrating: string[];
  /** Generation that the data plane was last seen to serve. */
  provenGeneration: number | null;
  /** Broken invariants, as sentences. */
  readonly violations: string[];
  /** What happened, for reproducing a failure. */
  readonly trace: string[];
}

export function newState(): WorldState {
  const stack = (): Stack => ({ outputs: null, lockedBy: null, routes: null });
  return {
    nowMs: Date.UTC(2030, 0, 1),
    gate: "automatic",
    steps: [],
    warm: null,
    bakeMs: times.bakeMs,
    hooks: [],
    requestsPerSecond: 100,
    requestMs: 0,
    next: 1,
    router: stack(),
    colors: { blue: stack(), green: stack() },
    routes: null,
    fills: { blue: null, green: null },
    counters: perColor(newCounter),
    processes: [],
    checked: [],
    hooked: [],
    schema: 1,
    migrating: [],
    provenGeneration: null,
    violations: [],
    trace: [],
  };
}

export function newCounter(): Counter {
  return { requests: 0, errors: 0, lastRequestAtMs: null, trafficSinceMs: null };
}

export function servedWeights(state: WorldState): Weights {
  return state.routes?.weights ?? weightsOf(null);
}

/** The record as the router's stack has it, without reading the data plane. */
export function storedRecord(state: WorldState): RouterRecord {
  return { ...emptyRecord, ...state.router.outputs };
}

/** The engine drops nulls on their way into a stack's state. */
export function asStored(value: Outputs): Outputs {
  const text = JSON.stringify(value, (_key, inner: unknown) => inner ?? undefined);
  return JSON.parse(text) as Outputs;
}
