/** What must be true of the world after every single step, whoever did it. */

import { sameOwner } from "../../../infra/rules/owner.ts";
import { colors, isServed, sameWeights } from "../../../infra/model.ts";
import type { Claim, Color, RouterReading, RouterRecord } from "../../../infra/model.ts";
import type { Drift } from "../../../infra/rules/adoption.ts";
import type { Request } from "../../../infra/rules/request.ts";
import type { Behaviours } from "./data-plane.ts";
import { checkSchema } from "./migrations.ts";
import type { SimulatedProcess, WorldState } from "./state.ts";
import { servedWeights, storedRecord } from "./state.ts";

/** After each step: I1 and I2, and that requests find an instance. */
export function checkState(state: WorldState, behaviours: Behaviours): void {
  const weights = servedWeights(state);
  const sum = weights.blue + weights.green;
  const broken = (sentence: string): void => {
    if (!state.violations.includes(sentence)) state.violations.push(sentence);
  };
  if (sum !== 0 && sum !== 100) broken(`I1: weights sum to ${sum}`);
  checkSchema(state, behaviours, broken);
  const record = storedRecord(state);
  for (const color of colors) {
    if (isServed(weights, color)) checkServing(state, record, color, broken);
  }
  const { rollout } = record;
  const former = rollout?.phase === "bake" ? rollout.former : null;
  if (former && (!state.fills[former]?.whole || record.retiring === former)) {
    broken(`I9: ${former} is gone while its successor bakes`);
  }
  for (const stack of [state.router, state.colors.blue, state.colors.green]) {
    const holder = state.processes.find(({ owner }) => owner.pid === stack.lockedBy);
    if (stack.lockedBy !== null && !holder) broken("a lock is held by nobody");
  }
}

function checkServing(
  state: WorldState,
  record: RouterRecord,
  color: Color,
  broken: (sentence: string) => void,
): void {
  const fill = state.fills[color];
  const attached = state.routes?.attached[color] ?? [];
  if (!fill?.whole) broken(`I2: ${color} has traffic and isn't filled`);
  if (attached.length === 0) broken(`I2: ${color} has traffic and no address`);
  if (attached.some((address) => !fill?.addresses.includes(address))) {
    broken(`I2: ${color} has traffic on a dead address`);
  }
  if (record.retiring === color) broken(`I2: ${color} has traffic and is retiring`);
}

/** Requests that may end another's rollout: a person's, and the end of the rollout itself. */
const mayEnd: ReadonlySet<Request["kind"]> = new Set([
  "Abort",
  "RollBack",
  "Obey",
  "Hold",
  "Deactivate",
]);

/** At each write of the record: I3 and I4. */
export function checkWrite(
  state: WorldState,
  by: SimulatedProcess,
  change: { before: RouterRecord; after: RouterRecord; held: Claim | null; request: Request },
): void {
  const { before, after, held, request } = change;
  const { violations } = state;
  const rise = after.generation - before.generation;
  if (rise < 0) violations.push(`I3: the generation fell with ${request.kind}`);
  if (before.activeColor !== after.activeColor && rise === 0) {
    violations.push(`I3: the active color changed with ${request.kind}, the generation didn't`);
  }
  const sum = after.weights.blue + after.weights.green;
  if (sum !== 0 && sum !== 100) violations.push(`I1: recorded weights sum to ${sum}`);
  const kept = after.rollout?.id === held?.rolloutId;
  if (!held?.owner || (kept && sameOwner(held.owner, after.claim?.owner ?? null))) return;
  if (mayEnd.has(request.kind)) return;
  // Only its own owner lets a claim go for the gate.
  if (request.kind === "Wait" && kept && sameOwner(held.owner, by.owner)) return;
  const owner = state.processes.find((each) => sameOwner(each.owner, held.owner));
  const dead = owner && !owner.alive && owner.owner.host === by.owner.host;
  if (!dead) violations.push(`I4: ${by.name} took a live claim with ${request.kind}`);
}

/** What is recorded as active was seen serving, unless somebody moved traffic past the engine. */
export function checkProven(
  state: WorldState,
  change: { before: RouterRecord; after: RouterRecord; drift: Drift; request: Request },
): void {
  const { before, after, drift, request } = change;
  const ours = drift.kind === "none" || drift.kind === "interrupted";
  if (!ours || after.activeColor === null || after.activeColor === before.activeColor) return;
  if (state.provenGeneration === after.generation) return;
  state.violations.push(`I11: ${request.kind} recorded ${after.activeColor} without a proof`);
}

/** A write by the engine must not undo what was moved after its update had looked. */
export function checkOvertaking(
  state: WorldState,
  write: { seen: RouterReading; served: WorldState["routes"]; request: Request },
): void {
  const { seen, served, request } = write;
  const now = state.routes?.weights;
  if (!seen.weights || !served || !now || sameWeights(seen.weights, served.weights)) return;
  if (sameWeights(now, served.weights)) return;
  state.violations.push(`I10: ${request.kind} undid what somebody did meanwhile`);
}

/** Traffic came to a color by a rollout: its checks passed on this very fill. */
export function checkFlip(state: WorldState, color: Color, request: Request): void {
  const addresses = state.fills[color]?.addresses ?? [];
  const byRollout = request.kind === "Switch" || request.kind === "Shift";
  if (byRollout && addresses.some((address) => !state.checked.includes(address))) {
    state.violations.push(`I8: ${color} got traffic without having been checked`);
  }
}
