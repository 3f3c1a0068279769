/** The loop observe -> decide -> act -> observe, until a terminal action. */

import assert from "node:assert";
import { BlueGreenError, messageOf } from "../infra/errors.ts";
import { otherColor } from "../infra/model.ts";
import type { Release } from "../infra/model.ts";
import type { Observed } from "../infra/observation.ts";
import { act } from "./acting.ts";
import { EngineDied } from "./engine-died.ts";
import { endedMeanwhile, look } from "./look.ts";
import { NotBegun } from "./ports.ts";
import type { Ports } from "./ports.ts";
import { enteredNow, leaving } from "./rollout-events.ts";
import type { Entered } from "./rollout-events.ts";
import type { Action } from "./rollout/action.ts";
import { describeAction } from "./rollout/action.ts";
import { decide } from "./rollout/decide.ts";
import { isEnginesFault } from "./rollout/engines-fault.ts";
import { unusedClaim } from "./rollout/failure.ts";
import type { Memory } from "./rollout/memory.ts";
import { beginning, noMemory, refusedEnd } from "./rollout/memory.ts";
import { afterStep } from "./rollout/migration.ts";
import { passOver } from "./rollout/passed-over.ts";
import { bothFailed, interrupted } from "./rollout/stopped.ts";
import type { Run } from "./run.ts";

/** A rollout needs about ten actions; a loop that doesn't end is a bug. */
const maxActions = 60;

/**
 * Reaches the goal or throws why not.
 * @returns the sentence that is true in the end
 */
export async function reconcile(run: Run): Promise<string> {
  const { ports } = run;
  let memory = noMemory;
  let fresh = true;
  let entered: Entered | null = null;
  for (let count = 0; count < maxActions; count += 1) {
    // A way back that has begun isn't left halfway.
    const returned = run.goal.kind === "RollBackNow" && memory.done;
    if (ports.interrupted() && !memory.barred && !returned) throw await interruption(run, memory);
    const looked = await look(ports, memory, fresh);
    const { view } = looked;
    memory = looked.memory;
    if (fresh) reportView(ports, view);
    const now = enteredNow(view.record, memory.rolloutId, entered);
    if (now !== null && now !== entered) ports.on(now);
    entered = now;
    const action = decide({ ...run, view, memory });
    if (action.kind === "Finish") return action.sentence;
    if (action.kind === "Fail") throw action.error;
    const before = memory;
    memory = await attempt(run, view, memory, action);
    // Others may have gone on meanwhile.
    fresh = wentWrong(before, memory) || takesLong.has(action.kind);
  }
  assert.fail(`no end after ${maxActions} actions`);
}

const takesLong: ReadonlySet<string> = new Set([
  "Check",
  "Judge",
  "JudgeAgain",
  "Watch",
  "RunHooks",
  "Shrink",
]);

function wentWrong(before: Memory, { failure, retried, endedBy }: Memory): boolean {
  if (endedBy === "others" && before.endedBy !== endedBy) return true;
  return failure !== before.failure || retried !== before.retried;
}

function reportView({ on }: Ports, { record, reading }: Observed): void {
  on({ kind: "Observed", active: record.activeColor, weights: reading.weights });
}

/** A claim under which nothing was done yet is given up first: it would only cost a way back. */
async function interruption(run: Run, before: Memory): Promise<BlueGreenError> {
  const { rolloutId, migrated } = before;
  if (rolloutId === null && migrated === null && failedStep(before, before) === null) {
    return interrupted(null, null);
  }
  const memory = await withStepRecorded(run, before);
  const { view } = await look(run.ports, memory, false);
  const { rollout } = view.record;
  const mine = rollout?.id === memory.rolloutId ? rollout : null;
  const request = unusedClaim({ ...run, view, memory });
  const failure = failedStep(before, memory);
  if (request === null) return interrupted(mine, failure);
  const after = await attempt(run, view, memory, { kind: "Update", request });
  return interrupted(wentWrong(memory, after) ? mine : null, failure);
}

/** What the database is at now nobody else could know: it is tried again where the engine died. */
async function withStepRecorded(run: Run, before: Memory): Promise<Memory> {
  let memory: Memory = { ...before, retried: false };
  for (const fresh of [false, true]) {
    const { view } = await look(run.ports, memory, fresh);
    const request = afterStep({ ...run, view, memory });
    if (request === null) return memory;
    memory = await attempt(run, view, memory, { kind: "Update", request });
    if (!memory.retried) return memory;
  }
  return memory;
}

/** The step of the database that failed, or couldn't be recorded; checks fail by being stopped. */
function failedStep(before: Memory, { failure }: Memory): BlueGreenError | null {
  if (failure === null || failure === before.failure) {
    return failure?.error.code === "MIGRATION_FAILED" ? failure.error : null;
  }
  return failure.error;
}

/** One action; what goes wrong becomes the memory's failure, so that the loop can clean up. */
async function attempt(run: Run, view: Observed, memory: Memory, action: Action): Promise<Memory> {
  const { ports } = run;
  const name = describeAction(action);
  const started = ports.clock.now();
  const starts = action.kind === "Provision" || action.kind === "Grow";
  const mayTakeMs = starts ? run.policy.fillMs : undefined;
  const phase = view.record.rollout?.phase ?? null;
  ports.on({ kind: "Begun", action: name, phase, ...(mayTakeMs !== undefined && { mayTakeMs }) });
  ports.boundary(`before ${point(action)}`);
  const begun = beginning(memory, action);
  try {
    const learned = await act(run, view, begun, action);
    ports.boundary(`after ${point(action)}`);
    ports.on({ kind: "Ended", action: name, ms: ports.clock.now() - started });
    return learned;
  } catch (error) {
    const passed = error instanceof BlueGreenError && passOver(run.goal, memory, action, error);
    if (passed) {
      ports.on({ kind: "Noted", sentence: passed.sentence });
      return passed.memory;
    }
    if (error instanceof EngineDied && !memory.retried) {
      ports.on({ kind: "Noted", sentence: `${error.message}: going on once more` });
      return { ...begun, retried: true };
    }
    if (isEnginesFault(error) && returnsTraffic(run, action) && memory.barred === null) {
      const sentence = `the engine can't do it (${error.code}: ${error.message}), going direct`;
      ports.on({ kind: "Noted", sentence });
      return { ...begun, barred: error };
    }
    if (catchesUp(memory, action)) {
      const sentence = `the next \`bluegreen up\` takes the way back over: ${messageOf(error)}`;
      ports.on({ kind: "Noted", sentence });
      return { ...begun, caughtUp: true };
    }
    const refused = refusedEnd(memory, action, error);
    if (refused) return refused;
    if (error instanceof BlueGreenError && memory.failure === null) {
      const failure = { error, blamed: blamedFor(error, ports, view, action) };
      return { ...(error instanceof NotBegun ? memory : begun), failure };
    }
    if (memory.failure === null) throw error;
    const ended = await endedMeanwhile(ports, memory, error);
    if (ended) return ended;
    throw bothFailed(memory.failure.error, error);
  }
}

/** The record follows a way back past the engine. */
function catchesUp({ barred, caughtUp }: Memory, action: Action): boolean {
  return barred !== null && !caughtUp && action.kind === "Update" && action.request.kind === "Keep";
}

/** A rollout's own way back; a person's command goes direct by itself. */
function returnsTraffic({ goal }: Run, action: Action): boolean {
  if (action.kind !== "Update" || action.request.kind !== "RollBack") return false;
  // Out of the shift of a rollout whose place this one takes.
  const isOthers = action.request.beforeSwitch === true;
  return !isOthers && goal.kind !== "RollBackNow";
}

/** The release that was to get traffic when its errors made the program set the router back. */
function blamedFor(
  error: BlueGreenError,
  { on }: Ports,
  { record, colors }: Observed,
  action: Action,
): Release | null {
  if (error.code !== "ROLLED_BACK" || action.kind !== "Update") return null;
  const { request } = action;
  const begun = request.kind === "Switch" ? (request.start ?? record.rollout) : null;
  // Another update proves the flip of one that was cut short: it has made its color the active one.
  const color = begun?.color ?? record.activeColor;
  if (color === null) return null;
  const to = otherColor(color);
  const left = begun !== null && "phase" in begun ? leaving(begun, to) : {};
  on({ kind: "RolledBack", to, reason: error.message, ...left });
  return colors[color]?.release ?? null;
}

/** Boundaries are named after what is done, so that a fault test can choose them. */
export function point(action: Action): string {
  return action.kind === "Update" ? action.request.kind : action.kind;
}
