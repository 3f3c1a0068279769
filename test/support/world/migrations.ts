/** Simulated migrations: the database, the programs that change it, and what must be true of both. */

import type { Migrations } from "../../../automation/ports.ts";
import type { MigrationPolicy } from "../../../automation/rollout/migration-policy.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { RouterRecord, SchemaRange } from "../../../infra/model.ts";
import { colors, isServed } from "../../../infra/model.ts";
import { isIn, possibleSchemas } from "../../../infra/rules/schema.ts";
import type { Behaviours } from "./data-plane.ts";
import type { SimulatedProcess, WorldState } from "./state.ts";
import { servedWeights, storedRecord } from "./state.ts";
import type { World } from "./world.ts";

const stepMs = 2_000;
const withinMs = 60_000;

/** Steps of a release whose schema changes from 1 over 2 to 3. */
export const migrating: MigrationPolicy = {
  works: { from: 1, to: 3 },
  expand: { to: 2, withinMs },
  contract: { to: 3, withinMs },
};

/** What a release without steps of its own says. */
export function working(from: number, to: number): MigrationPolicy {
  return { works: { from, to }, expand: null, contract: null };
}

/** One migrates, the others know the schemas of their time. */
export const releasesThatMigrate: Behaviours = {
  "1": { migrations: working(1, 2) },
  "2": { migrations: migrating },
  "4": { migrations: working(1, 2) },
};

/** The first was filled before anybody thought of migrations: it doesn't say what it needs. */
export const releasesOfWhichOneIsSilent: Behaviours = {
  ...releasesThatMigrate,
  "1": { needs: { from: 1, to: 2 } },
};

export function simulatedMigrations(world: World, process: SimulatedProcess): Migrations {
  const { state, plane, schedule } = world;
  return {
    run: async (view, { step }) => {
      const { color: filling } = view.record.rollout ?? { color: null };
      if (step.kind === "contract") checkContract(state, world.behaviours, step.to);
      if (state.migrating.some((each) => state.processes.some((p) => p.name === each && p.alive))) {
        state.violations.push(`I17: ${process.name} ran ${step.kind} while another did`);
      }
      state.migrating.push(process.name);
      await schedule.pause(process, `begins ${step.kind}`, stepMs);
      const version =
        step.kind === "contract" ? world.serving : (view.record.rollout?.version ?? "");
      const release = { version: version ?? "", digest: filling ?? "" };
      if (plane.behaviourOf(release).failsStep === step.kind) {
        state.migrating.splice(state.migrating.indexOf(process.name), 1);
        throw new BlueGreenError("MIGRATION_FAILED", `${step.kind} failed`, { hint: "mend it" });
      }
      state.schema = Math.max(state.schema, step.to);
      await schedule.pause(process, `has run ${step.kind}`);
      state.migrating.splice(state.migrating.indexOf(process.name), 1);
    },
  };
}

/** After each step: what serves can use the database, and the record knows what it may be at. */
export function checkSchema(
  state: WorldState,
  behaviours: Behaviours,
  broken: (sentence: string) => void,
): void {
  const weights = servedWeights(state);
  for (const color of colors) {
    const works = worksOf(state, behaviours, color);
    if (!isServed(weights, color) || !works || isIn(state.schema, works)) continue;
    broken(`I15: ${color} has traffic and doesn't work with schema ${state.schema}`);
  }
  if (state.router.outputs === null) return;
  const record = storedRecord(state);
  checkRecorded(state, record, broken);
}

function checkRecorded(
  state: WorldState,
  record: RouterRecord,
  broken: (sentence: string) => void,
): void {
  const possible = possibleSchemas(record);
  // The engine drops nulls.
  const known = (record.database?.schema ?? null) !== null;
  if (known && !possible.includes(state.schema)) {
    broken(`I16: the database is at ${state.schema}, the record says ${possible.join(" or ")}`);
  }
  const steps = (record.database?.steps ?? []).map(({ kind, to }) => `${kind} ${to}`);
  if (new Set(steps).size < steps.length) broken(`I18: recorded twice: ${steps.join(", ")}`);
}

/** Nothing may be left that could come back and needs what is removed. */
function checkContract(state: WorldState, behaviours: Behaviours, to: number): void {
  const { rollbackUntil, previousRelease } = storedRecord(state);
  if (previousRelease && rollbackUntil && Date.parse(rollbackUntil) > state.nowMs) {
    state.violations.push("I19: contract began within the rollback window");
  }
  for (const color of colors) {
    const works = worksOf(state, behaviours, color);
    if (works && !isIn(to, works)) state.violations.push(`I19: contract would break ${color}`);
  }
}

function worksOf(
  state: WorldState,
  behaviours: Behaviours,
  color: "blue" | "green",
): SchemaRange | null {
  const version = state.fills[color]?.release.version;
  const behaviour = version === undefined ? null : behaviours[version];
  return behaviour?.needs ?? behaviour?.migrations?.works ?? null;
}
