/** The steps that change the database's schema: when one may begin, and how it gets recorded. Pure. */

import { BlueGreenError } from "../errors.ts";
import type {
  Color,
  Database,
  DoneMigration,
  MigratingRelease,
  MigrationStep,
  Owner,
  RouterRecord,
} from "../model.ts";
import { colors, isServed } from "../model.ts";
import { claimedBy, isUnfinished, liveClaim } from "./claim.ts";
import { describeOwner, sameOwner } from "./owner.ts";
import type * as request from "./request.ts";
import { openRollout } from "./rollout.ts";
import { formatRange, isIn, recordedAs } from "./schema.ts";
import { instant } from "./view.ts";
import type { View } from "./view.ts";
import { windowEnd } from "./window.ts";

const unknownDatabase: Database = { schema: null, steps: [], pending: null };

/** Steps that the record keeps. */
const maxSteps = 20;

export function databaseOf({ database }: Pick<RouterRecord, "database">): Database {
  return database ?? unknownDatabase;
}

export function describeStep({ kind, to }: Pick<DoneMigration, "kind" | "to">): string {
  return `${kind} to schema ${to}`;
}

export function sameStep(a: MigrationStep, b: MigrationStep): boolean {
  return a.kind === b.kind && a.to === b.to;
}

/** True once the database is at the step's schema, or past it. */
export function isDone({ database }: Pick<RouterRecord, "database">, { to }: MigrationStep) {
  const schema = database?.schema ?? null;
  return schema !== null && schema >= to;
}

/**
 * The record with the step as begun; unchanged where it is done already.
 * @throws MIGRATION_REFUSED, CLAIMED, ROLLOUT_OPEN, WINDOW_OPEN
 */
export function beginMigration(view: View, asked: request.BeginMigration): RouterRecord {
  const { record: now, nowMs } = view;
  const { step, owner, until } = asked;
  if (isDone(now, step)) return now;
  const rollout = asked.rolloutId === null ? null : openRollout(view, asked.rolloutId);
  if (rollout && rollout.phase !== "provision") {
    const sentence = `rollout ${rollout.id} is in its ${rollout.phase}: ${describeStep(step)} comes before`;
    throw new BlueGreenError("ROLLOUT_OPEN", sentence, { hint: "see `bluegreen status`" });
  }
  const refusal = refuseOwner(view, asked) ?? refuseStep(view, step);
  if (refusal) throw refusal;
  const { kind, to } = step;
  const release = rollout ? { version: rollout.version, digest: null } : activeRelease(view);
  const pending = { kind, to, release, at: instant(nowMs), owner, until };
  return { ...now, database: { ...databaseOf(now), pending } };
}

/**
 * The record with the step as done: whoever did it, each is recorded once.
 * @throws MIGRATION_REFUSED for a step that wasn't begun
 */
export function endMigration(view: View, { step }: request.EndMigration): RouterRecord {
  const { record: now } = view;
  if (isDone(now, step)) return now;
  const pending = now.database?.pending ?? null;
  if (pending === null || !sameStep(pending, step)) {
    const sentence = `${describeStep(step)} isn't what was begun`;
    throw new BlueGreenError("MIGRATION_REFUSED", sentence, { hint: "see `bluegreen status`" });
  }
  const { kind, to, release } = pending;
  return withStep(view, { kind, to, release, at: instant(view.nowMs) });
}

/** The record with the step as begun by nobody; unchanged where somebody else has begun it since. */
export function stopMigration(view: View, { step, owner }: request.StopMigration): RouterRecord {
  const { record: now } = view;
  const pending = now.database?.pending ?? null;
  if (!now.database || !pending || !sameStep(pending, step)) return now;
  if (!sameOwner(pending.owner, owner)) return now;
  return {
    ...now,
    database: { ...now.database, pending: { ...pending, until: instant(view.nowMs) } },
  };
}

/** @throws CLAIMED while a step may still be running */
export function recordedSchema(view: View, asked: request.RecordSchema): RouterRecord {
  const { schema, replaces } = asked;
  const pending = view.record.database?.pending ?? null;
  const running = pending && Date.parse(pending.until) > view.nowMs ? pending : null;
  if (running && !sameOwner(running.owner, replaces)) {
    throw busy(describeStep(running), running.owner, running.until);
  }
  return withStep(view, { kind: "recorded", to: schema, release: null, at: instant(view.nowMs) });
}

function withStep({ record }: View, step: DoneMigration): RouterRecord {
  const steps = [...databaseOf(record).steps, step].slice(-maxSteps);
  return { ...record, database: { schema: step.to, steps, pending: null } };
}

/** Why a step mustn't begin now, by what the colors hold; null where it may. */
export function refuseStep(view: View, step: MigrationStep): BlueGreenError | null {
  const pending = view.record.database?.pending ?? null;
  if (pending && !sameStep(pending, step)) return otherBegun(pending, step);
  const served = colors.map((color) => refuseServed(view, color, step)).find((found) => found);
  if (served) return served;
  return step.kind === "expand" ? null : refuseContract(view, step);
}

function otherBegun(pending: MigrationStep, step: MigrationStep): BlueGreenError {
  const begun = `${describeStep(pending)} was begun and isn't known to be done`;
  return new BlueGreenError("MIGRATION_REFUSED", `${begun}: ${describeStep(step)} can't begin`, {
    hint:
      `run it again (\`bluegreen ${pending.kind === "expand" ? "deploy" : "migrate contract"}\`), ` +
      `or say what the database is at: ${recordedAs(pending.to)}`,
  });
}

/**
 * A color that has traffic must work with what the step leaves. One that doesn't say may, where
 * nothing is taken away; a contract would be another release's.
 */
function refuseServed(view: View, color: Color, step: MigrationStep): BlueGreenError | null {
  const { record, colors: held } = view;
  if (!isServed(record.weights, color) && record.activeColor !== color) return null;
  const works = held[color]?.works;
  if (works ? isIn(step.to, works) : step.kind === "expand") return null;
  const version = held[color]?.release.version ?? "an unknown release";
  const says = works ? `works with ${formatRange(works)}` : "doesn't say what it works with";
  const serves = `${color} serves ${version}, which ${says}`;
  return new BlueGreenError(
    "MIGRATION_REFUSED",
    `${serves}: ${describeStep(step)} would break it`,
    {
      hint:
        step.kind === "expand"
          ? "first deploy a release that works with both schemas"
          : `a contract belongs to the release that serves: deploy the one that works with ${step.to}`,
    },
  );
}

/** Nothing may be left that could come back and needs what the step removes. */
function refuseContract(view: View, step: MigrationStep): BlueGreenError | null {
  const { record, nowMs } = view;
  const { rollout } = record;
  const live = liveClaim(record, nowMs);
  if (live) return claimedBy(live, rollout);
  if (rollout && rollout.phase !== "hold") {
    const sentence = `rollout ${rollout.id} was left in its ${rollout.phase}`;
    return new BlueGreenError("ROLLOUT_OPEN", sentence, {
      hint: "finish it with `bluegreen deploy` (no version)",
    });
  }
  const kept =
    record.previousRelease &&
    windowEnd({ ...record, previousRelease: record.previousRelease }, nowMs);
  if (record.previousRelease && kept) {
    const { color, release } = record.previousRelease;
    const sentence = `${color} is kept with ${release.version} until ${kept}: ${describeStep(step)} comes after`;
    return new BlueGreenError("WINDOW_OPEN", sentence, {
      hint: "wait, or give the way back up now with `bluegreen retire --now`, which then runs the step",
    });
  }
  return colors.map((color) => refuseIdle(view, color, step)).find((found) => found) ?? null;
}

/** What a color without traffic holds may get it again. */
function refuseIdle(view: View, color: Color, step: MigrationStep): BlueGreenError | null {
  const { record, colors: held } = view;
  if (isServed(record.weights, color) || record.activeColor === color) return null;
  const outputs = held[color];
  const unknown = isUnfinished(record, color, outputs);
  if (!outputs && !unknown) return null;
  if (outputs?.works && !unknown && isIn(step.to, outputs.works)) return null;
  const what = unknown
    ? "was being filled, so what it holds isn't known"
    : outputs?.works
      ? `holds ${outputs.release.version}, which works with ${formatRange(outputs.works)}`
      : `holds ${outputs?.release.version ?? "a release"}, which doesn't say what it works with`;
  const sentence = `${color} ${what}: ${describeStep(step)} would break it`;
  return new BlueGreenError("MIGRATION_REFUSED", sentence, {
    hint: "`bluegreen retire` empties it, and then runs the step",
  });
}

/** No step begins while another's time runs: the database may be changing, as far as can be known. */
export function refuseOwner(
  { record, nowMs }: View,
  { owner, replaces }: Pick<request.BeginMigration, "owner" | "replaces">,
): BlueGreenError | null {
  const pending = record.database?.pending ?? null;
  if (!pending || Date.parse(pending.until) <= nowMs) return null;
  if (sameOwner(pending.owner, owner) || sameOwner(pending.owner, replaces)) return null;
  return busy(describeStep(pending), pending.owner, pending.until);
}

function busy(step: string, owner: Owner, until: string): BlueGreenError {
  return new BlueGreenError(
    "CLAIMED",
    `${describeOwner(owner)} has begun ${step}, until ${until}`,
    {
      hint: "wait for it, see `bluegreen status`",
    },
  );
}

function activeRelease({ record, colors: held }: View): MigratingRelease | null {
  return (record.activeColor && held[record.activeColor]?.release) ?? null;
}
