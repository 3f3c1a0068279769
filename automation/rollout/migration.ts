/** When the steps that change the database's schema are due, and what comes next of one. Pure. */

import { BlueGreenError } from "../../infra/errors.ts";
import type { MigrationKind, MigrationStep, RouterRecord } from "../../infra/model.ts";
import type { Rollout } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { sameOwner } from "../../infra/rules/owner.ts";
import {
  databaseOf,
  describeStep,
  isDone,
  refuseOwner,
  refuseStep,
  sameStep,
} from "../../infra/rules/migration.ts";
import { unfit, unfitRelease } from "../../infra/rules/schema.ts";
import { instant } from "../../infra/rules/view.ts";
import type { Action } from "./action.ts";
import type { Contract, Deploy, SwitchTo } from "./goal.ts";
import type { MigrationPolicy, PlannedStep } from "./migration-policy.ts";
import type { Situation } from "./situation.ts";

/** From the end of a step's time until others may take it for abandoned. */
const marginMs = 60_000;

type Known = Pick<RouterRecord, "database">;

/** Below the schema that it leaves, or where that isn't known. */
export function dueExpand(record: Known, policy: MigrationPolicy | undefined): DueStep | null {
  return dueStep(record, "expand", policy?.expand ?? null);
}

/** Not before the expand of the same release is done. */
export function dueContract(record: Known, policy: MigrationPolicy | undefined): DueStep | null {
  const due = dueStep(record, "contract", policy?.contract ?? null);
  return due && policy && lacksExpand(record, policy) === null ? due : null;
}

export interface DueStep {
  readonly step: MigrationStep;
  readonly withinMs: number;
}

function dueStep(record: Known, kind: MigrationKind, planned: PlannedStep | null): DueStep | null {
  if (!planned) return null;
  const step = { kind, to: planned.to };
  return isDone(record, step) ? null : { step, withinMs: planned.withinMs };
}

function lacksExpand(record: Known, { expand }: MigrationPolicy): MigrationStep | null {
  const step = expand && ({ kind: "expand", to: expand.to } as const);
  return step && !isDone(record, step) ? step : null;
}

/** Why a release can't get the traffic with the database as it is or would be; null where it can. */
export function refuseSchema({
  view,
  goal,
  policy,
  self,
}: Situation<Deploy | SwitchTo>): BlueGreenError | null {
  const { record, colors } = view;
  if (goal.kind === "SwitchTo") {
    const outputs = colors[goal.color];
    return outputs && unfitRelease(record, outputs);
  }
  const { migrations } = policy;
  const due = dueExpand(record, migrations);
  if (due) return refuseDue({ view, self }, due);
  return unfit(record, migrations?.works, `release ${goal.version ?? "to be deployed"}`);
}

/** Another's step that runs comes first: only its end tells what the database is at. */
function refuseDue(
  { view, self }: Pick<Situation, "view" | "self">,
  { step }: DueStep,
): BlueGreenError | null {
  const { pending } = databaseOf(view.record);
  const other = pending && !sameStep(pending, step) ? pending : null;
  const replaces = other && self.isDead(other.owner) ? other.owner : null;
  const running = other && refuseOwner(view, { owner: self.owner, replaces });
  return running ?? refuseStep(view, step);
}

/** What comes before the idle color is filled; null where nothing does. */
export function expandFirst(situation: Situation, rollout: Rollout): Action | null {
  const due = dueExpand(situation.view.record, situation.policy.migrations);
  return due && nextOf(situation, due, rollout.id);
}

/** The last step of a retirement: the contract, where it may run, and what is true then. */
export function contractLast(situation: Situation, sentence: string): Action {
  const { view, policy } = situation;
  const due = dueContract(view.record, policy.migrations);
  if (!due) return { kind: "Finish", sentence };
  const refusal = refuseDue(situation, due);
  if (!refusal) return nextOf(situation, due, null);
  const waits = `${describeStep(due.step)} isn't run: ${refusal.message}`;
  return { kind: "Finish", sentence: `${sentence}; ${waits}` };
}

export function decideContract(situation: Situation<Contract>): Action {
  const { view, memory, policy } = situation;
  if (memory.failure) return { kind: "Fail", error: memory.failure.error };
  const { migrations } = policy;
  if (!migrations?.contract) {
    const hint = "write the step under bluegreen:migrations, see docs/migrations.md";
    const error = new BlueGreenError("USAGE", "the settings have no contract step", { hint });
    return { kind: "Fail", error };
  }
  const first = lacksExpand(view.record, migrations);
  if (first) {
    const sentence = `${describeStep(first)} comes before the contract, and isn't done`;
    const hint = "deploy the release: `bluegreen deploy`";
    return { kind: "Fail", error: new BlueGreenError("MIGRATION_REFUSED", sentence, { hint }) };
  }
  const due = dueContract(view.record, migrations);
  if (!due) return { kind: "Finish", sentence: schemaSentence(view) };
  const refusal = refuseDue(situation, due);
  return refusal ? { kind: "Fail", error: refusal } : nextOf(situation, due, null);
}

/** It is begun in the record, run, and recorded as done: killed between, it is run again. */
function nextOf(
  { view, memory, self }: Situation,
  { step, withinMs }: DueStep,
  rolloutId: string | null,
): Action {
  if (memory.migrated && sameStep(memory.migrated, step)) {
    return { kind: "Update", request: { kind: "EndMigration", step } };
  }
  const { pending } = databaseOf(view.record);
  const begun = pending && sameStep(pending, step) ? pending : null;
  if (begun && sameOwner(begun.owner, self.owner)) return { kind: "Migrate", step, rolloutId };
  const replaces = begun && self.isDead(begun.owner) ? begun.owner : null;
  const until = instant(view.nowMs + withinMs + marginMs);
  const { owner } = self;
  return {
    kind: "Update",
    request: { kind: "BeginMigration", step, rolloutId, owner, until, replaces },
  };
}

/** The own step that is over and isn't recorded so; null where there is none. */
export function afterStep({ view, memory, self }: Pick<Situation, "view" | "memory" | "self">) {
  const { pending } = databaseOf(view.record);
  if (!pending || !sameOwner(pending.owner, self.owner)) return null;
  const { kind, to } = pending;
  const step = { kind, to };
  if (memory.migrated && sameStep(memory.migrated, step)) {
    return { kind: "EndMigration", step } as const;
  }
  const running = Date.parse(pending.until) > view.nowMs;
  if (memory.failure === null || !running) return null;
  return { kind: "StopMigration", step, owner: self.owner } as const;
}

function schemaSentence({ record }: Observed): string {
  return `the database is at schema ${databaseOf(record).schema ?? "unknown"}`;
}
