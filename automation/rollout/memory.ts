/** What one run of the loop has learned; lost when it is killed, and learned again then. */

import { BlueGreenError } from "../../infra/errors.ts";
import type { HookStage } from "../../infra/hook-stages.ts";
import type { Baked, Color, MigrationStep, Release, Verdict } from "../../infra/model.ts";
import type { RouterRecord } from "../../infra/model.ts";
import type { Request } from "../../infra/rules/request.ts";
import type { Action } from "./action.ts";

/** Why this run can't reach its goal: it cleans up, then fails with it. */
export interface Failure {
  readonly error: BlueGreenError;
  /** The release whose errors ended its switch: it is to be pinned. */
  readonly blamed: Release | null;
}

export interface Memory {
  /** The rollout that this run claimed or took over. */
  readonly rolloutId: string | null;
  /** Who has ended it, or is about to: this run, or others before that; null: nobody, as far as is known. */
  readonly endedBy: "self" | "others" | null;
  /** Result of the checks on this digest. */
  readonly checked: { readonly digest: string; readonly verdict: Verdict } | null;
  /** Result of the bake; before it that of a step which failed. */
  readonly baked: Baked | null;
  /** What a last look found of the active color, before its way back goes. */
  readonly judgedAgain: Baked | null;
  /** Share of the new color whose step of the shift this run has judged. */
  readonly stepped: number | null;
  /** How many cohorts it had in that step. */
  readonly cohorts: number;
  /** Stages whose hooks this run has done. */
  readonly hooksDone: readonly HookStage[];
  /** The migration step that this run has done. */
  readonly migrated: MigrationStep | null;
  readonly failure: Failure | null;
  /** Why the engine can't return traffic: the router is written directly then. */
  readonly barred: BlueGreenError | null;
  /** The record was tried once more after that, so that the next `up` needn't. */
  readonly caughtUp: boolean;
  /** The goal's update was made by this run. */
  readonly done: boolean;
  /** A color was changed by this run, or may have been: what it held may be gone. */
  readonly touched: boolean;
  /** The color whose stack this run has emptied. */
  readonly emptied: Color | null;
  /** The color whose open requests this run has waited for. */
  readonly drained: Color | null;
  /** The former color was shrunk, or couldn't be. */
  readonly shrunk: boolean;
  /** A color was grown before it gets traffic, or couldn't be. */
  readonly grown: boolean;
  /** The color was grown after traffic had gone back to it, or couldn't be. */
  readonly regrown: boolean;
  /** The router's stack was brought up by this run. */
  readonly kept: boolean;
  /** An update was tried once more, because its engine had ended in the middle. */
  readonly retried: boolean;
}

export const noMemory: Memory = {
  rolloutId: null,
  endedBy: null,
  checked: null,
  baked: null,
  judgedAgain: null,
  stepped: null,
  cohorts: 0,
  hooksDone: [],
  migrated: null,
  failure: null,
  barred: null,
  caughtUp: false,
  done: false,
  touched: false,
  emptied: null,
  drained: null,
  shrunk: false,
  grown: false,
  regrown: false,
  kept: false,
  retried: false,
};

/** What an update of the router teaches by having been made; a way back teaches more than that. */
export function updated(memory: Memory, request: Request): Memory {
  switch (request.kind) {
    case "Keep":
      return { ...memory, kept: true, caughtUp: memory.barred !== null };
    case "Claim":
      return { ...memory, rolloutId: request.rolloutId };
    case "Switch":
      return { ...memory, rolloutId: request.rolloutId, done: true };
    default:
      return memory;
  }
}

/** What is true as soon as an action begins, however it ends. */
export function beginning(memory: Memory, action: Action): Memory {
  if (action.kind === "Provision") return { ...memory, touched: true };
  return memory.endedBy === null && endsOwn(memory, action)
    ? { ...memory, endedBy: "self" }
    : memory;
}

function endsOwn({ rolloutId }: Memory, action: Action): boolean {
  if (action.kind !== "Update" && action.kind !== "FlipBack") return false;
  const { request } = action;
  const ends = request.kind === "Abort" || request.kind === "RollBack";
  return ends && rolloutId !== null && request.rolloutId === rolloutId;
}

/** What it teaches that the end of the own rollout was refused: others were first. Else null. */
export function refusedEnd(memory: Memory, action: Action, error: unknown): Memory | null {
  if (!(error instanceof BlueGreenError) || error.code !== "CLAIMED") return null;
  if (memory.endedBy !== null || !endsOwn(memory, action)) return null;
  return { ...memory, endedBy: "others", failure: memory.failure ?? { error, blamed: null } };
}

/** True where the own rollout isn't in the record though this run hasn't asked for its end. */
export function misses(
  { rolloutId, endedBy, barred }: Memory,
  { rollout }: Pick<RouterRecord, "rollout">,
): boolean {
  return rolloutId !== null && endedBy === null && barred === null && rollout?.id !== rolloutId;
}
