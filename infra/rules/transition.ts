/** From one record to the next: the whole rule book of an update of the router's stack. Pure. */

import { attachments } from "./attachment.ts";
import { claimColor, claimedBy, liveClaim, withoutRollout } from "./claim.ts";
import { isByHand } from "./by-hand.ts";
import { BlueGreenError } from "../errors.ts";
import { waitAtGate } from "./gate.ts";
import type { Declared } from "./intent.ts";
import { declaredColor, readIntent } from "./intent.ts";
import type { Color, DirectMark, Rollout, RouterRecord } from "../model.ts";
import { byHand, formatShare, hasAll, isServed, sameWeights, weightsOf } from "../model.ts";
import type { Routes } from "../platform.ts";
import { beginMigration, endMigration, recordedSchema, stopMigration } from "./migration.ts";
import { isPinOf, pinOf, withPin, withSchema } from "./record.ts";
import type * as request from "./request.ts";
import { retire, retired } from "./retirement.ts";
import { formerOf } from "./roles.ts";
import { heldRollout, inPhase, openRollout, wayOut } from "./rollout.ts";
import { unfitRelease } from "./schema.ts";
import type { Moved } from "./traffic.ts";
import { activated, backFromShift, moveTraffic, rollBack } from "./traffic.ts";
import { instant } from "./view.ts";
import type { View } from "./view.ts";
import { withShrinking } from "./shrinking.ts";
import { givenBack } from "./window.ts";

export interface Transition extends Moved {
  /** Sentences for people: what was ignored or taken over, and why. */
  readonly notes: readonly string[];
}

/**
 * The next record, or the reason why not.
 * @throws BlueGreenError with the refusal; nothing has happened then.
 */
export function applyRequest(
  view: View,
  asked: request.Request,
  file: { readonly declared: Declared; readonly name: string },
): Transition {
  const applied = apply(view, asked, file);
  const done = withHooksDone(applied.record, asked);
  return { ...applied, record: withSchema(withShrinking(view.colors, view.record, done)) };
}

function apply(
  view: View,
  asked: request.Request,
  file: { readonly declared: Declared; readonly name: string },
): Transition {
  switch (asked.kind) {
    case "Obey":
      return obey(view, file);
    case "Keep":
      return unchanged(view);
    case "Claim":
      return record(claimColor(view, asked));
    case "Attach":
      return record(attach(view, asked));
    case "Wait":
      return record(waitAtGate(view, asked));
    case "Shift":
      return { ...moveTraffic(view, asked), notes: [] };
    case "Switch":
      return switchTraffic(view, asked);
    case "Hold":
      return record(hold(view, asked));
    case "RollBack":
      return { ...rollBack(view, asked), notes: [] };
    case "Abort":
      return record(abort(view, asked));
    case "Retire":
      return record(retire(view, asked));
    case "Retired":
      return record(retired(view, asked));
    case "BeginMigration":
      return record(beginMigration(view, asked));
    case "EndMigration":
      return record(endMigration(view, asked));
    case "StopMigration":
      return record(stopMigration(view, asked));
    case "RecordSchema":
      return record(recordedSchema(view, asked));
    case "Deactivate":
      return record(deactivate(view.record));
    case "Pin":
      return record(pin(view, asked));
    case "Unpin":
      return record(unpin(view, asked));
  }
}

/** What the router is to do after a transition. */
export function routesAfter(view: View, { record: next, mark }: Transition): Routes {
  const { weights, generation } = next;
  const attached = attachments(view, next);
  const former = directWayBack(view, next);
  return { weights, attached, generation, former, ...stamp(view, next, mark) };
}

/**
 * Never a release that is pinned, or that the database's schema is wrong for: who asks the router
 * alone can't know of it.
 */
export function directWayBack({ colors, nowMs }: View, next: RouterRecord): Color | null {
  const color = formerOf(next);
  const held = color && colors[color];
  if (held && unfitRelease(next, held)) return null;
  return held && pinOf(next.pins, held.release.digest, nowMs) ? null : color;
}

/** Who wrote the weights, and whether that was a rollback: it stays in the router while they stay. */
function stamp({ reading, nowMs }: View, next: RouterRecord, mark: DirectMark | undefined) {
  if (reading.weights && sameWeights(reading.weights, next.weights)) {
    return { rolloutId: reading.rolloutId ?? byHand, mark: mark ?? reading.mark };
  }
  // Each by-hand flip is another value, or the engine would see no change in a second attempt.
  const rolloutId = next.rollout?.id ?? `${byHand} at ${instant(nowMs)}`;
  return { rolloutId, mark: mark ?? null };
}

/** @throws ROUTER_ACTIVE while a color has traffic, or is about to get some */
export function guardRemoval(view: View, next: RouterRecord): void {
  const active = next.activeColor ?? view.record.activeColor;
  if (active === null) return;
  throw new BlueGreenError(
    "ROUTER_ACTIVE",
    `${active} has traffic, so its router can't be removed`,
    { hint: "take the environment off line with `bluegreen down --stop-serving`" },
  );
}

/** In the rollout that ran them, and in no other. */
function withHooksDone(next: RouterRecord, asked: request.Request): RouterRecord {
  const { rollout } = next;
  const done = "hooksDone" in asked && asked.rolloutId === rollout?.id ? asked.hooksDone : [];
  if (rollout === null || done === undefined || done.length === 0) return next;
  const hooksDone = [...new Set([...rollout.hooksDone, ...done])];
  return { ...next, rollout: { ...rollout, hooksDone } };
}

function deactivate(now: RouterRecord): RouterRecord {
  return {
    ...withoutRollout(now),
    activeColor: null,
    weights: weightsOf(null),
    generation: now.activeColor ? now.generation + 1 : now.generation,
    previousRelease: null,
    rollbackUntil: null,
  };
}

function record(next: RouterRecord): Transition {
  return { record: next, activation: null, notes: [] };
}

function switchTraffic(view: View, asked: request.Switch): Transition {
  const begun = asked.start ? { ...view, record: claimColor(view, asked.start) } : view;
  const moved = moveTraffic(begun, asked);
  if (asked.holdUntil === null) return { ...moved, notes: [] };
  const held = hold(
    { ...view, record: moved.record },
    { kind: "Hold", rolloutId: asked.rolloutId, baked: null, rollbackUntil: asked.holdUntil },
  );
  return { ...moved, record: held, notes: [] };
}

function unchanged(view: View, notes: readonly string[] = []): Transition {
  return { record: view.record, activation: null, notes };
}

function obey(view: View, file: { declared: Declared; name: string }): Transition {
  const named = declaredColor(file.declared);
  if (named !== null && named === view.record.activeColor) return stay(view, named, file);
  const intent = readIntent(file.declared, view.record, file.name);
  if (intent.kind === "stale") throw intent.error;
  if (intent.kind === "none") return unchanged(view, intent.warning ? [intent.warning] : []);
  const { color } = intent;
  const declared = { ...view.record, declared: color };
  refuseForeignRollout(view, color);
  return {
    record: {
      ...withoutRollout(declared),
      ...activated(view, color),
      rollbackUntil: instant(view.nowMs + view.rollbackWindowMs),
    },
    activation: { color, expected: {}, rollback: false },
    notes: [],
  };
}

/**
 * The file names the color that is active: nothing to do, but in the middle of a shift. There it is
 * a wish to go back, unless the file may say no more than what was obeyed, or what the last switch
 * wrote into it.
 */
function stay(view: View, color: Color, file: { declared: Declared; name: string }): Transition {
  const { rollout, weights, generation, declared: obeyed } = view.record;
  const declared = { ...view.record, declared: color };
  if (rollout?.phase !== "shift") return record(declared);
  const own = file.declared.generation;
  const isNew = own === null ? obeyed !== color : own > generation;
  if (isNew) return { ...backFromShift(view, declared, color), notes: [] };
  const old = own === null ? "which was obeyed before" : "as since the last switch";
  const share = `${rollout.color} keeps ${formatShare(weights, rollout.color)} in rollout ${rollout.id}`;
  const note = `${file.name} says ${color}, ${old}: ${share}`;
  return unchanged({ ...view, record: declared }, [`${note}; \`bluegreen rollback\` returns it`]);
}

/** A person may end a rollout by going back to its former color, not by overtaking it. */
function refuseForeignRollout(view: View, color: Color): void {
  const { rollout } = view.record;
  const live = liveClaim(view.record, view.nowMs);
  if (!rollout || !live || isByHand(rollout.id)) return;
  const switched = rollout.phase === "bake" || rollout.phase === "shift";
  if (!(switched && color === rollout.former)) throw claimedBy(live, rollout);
}

function attach(view: View, asked: request.Attach): RouterRecord {
  const rollout = openRollout(view, asked.rolloutId);
  const outputs = view.colors[rollout.color];
  if (outputs?.rolloutId !== asked.rolloutId || outputs.release.digest !== asked.digest) {
    throw new BlueGreenError(
      "RELEASE_CHANGED",
      `${rollout.color} doesn't hold what rollout ${asked.rolloutId} put there`,
      { hint: "start the rollout anew" },
    );
  }
  if (rollout.phase !== "provision") return view.record;
  return inPhase(view, { ...rollout, digest: asked.digest }, "check");
}

function hold(view: View, asked: request.Hold): RouterRecord {
  const rollout = openRollout(view, asked.rolloutId);
  if (rollout.phase === "hold") return view.record;
  if (rollout.phase !== "bake") {
    const sentence = `rollout ${rollout.id} is in its ${rollout.phase}: nothing can be held yet`;
    throw new BlueGreenError("ROLLOUT_OPEN", sentence, { hint: "see `bluegreen status`" });
  }
  const held = inPhase(view, heldRollout(rollout, asked, view.record), "hold");
  return { ...held, claim: null, rollbackUntil: rollout.former ? asked.rollbackUntil : null };
}

function abort(view: View, asked: request.Abort): RouterRecord {
  const { rollout } = view.record;
  if (asked.rolloutId !== null && asked.mustBeOpen) openRollout(view, asked.rolloutId);
  if (!rollout) return view.record;
  if (asked.rolloutId !== null && asked.rolloutId !== rollout.id) {
    throw new BlueGreenError(
      "CLAIMED",
      `rollout ${rollout.id} is under way, not ${asked.rolloutId}`,
      { hint: "see `bluegreen status`" },
    );
  }
  const { weights } = view.record;
  if (isServed(weights, rollout.color)) {
    const sentence = hasAll(weights, rollout.color)
      ? `rollout ${rollout.id} has switched already: ${rollout.color} has all traffic`
      : `rollout ${rollout.id} is in its shift: ${rollout.color} has ${formatShare(weights, rollout.color)} of the traffic`;
    throw new BlueGreenError("ROLLOUT_OPEN", sentence, { hint: wayBack(rollout) });
  }
  // A person's claim is never given back: after a failed `pulumi up` the color's outputs are the
  // former ones, so nothing proves that it wasn't touched.
  const back = asked.untouched ? givenBack(view) : null;
  return back ? { ...view.record, ...back, claim: null } : withoutRollout(view.record);
}

function wayBack(rollout: Rollout): string {
  const way = wayOut(rollout);
  return way
    ? `return traffic with \`${way}\``
    : "a first release has no way back: deploy the one you want, or `bluegreen down --stop-serving`";
}

function pin(view: View, asked: request.PinRelease): RouterRecord {
  const { version, digest, reason, by, until } = asked;
  const at = instant(view.nowMs);
  return {
    ...view.record,
    pins: withPin(view.record.pins, { version, digest, reason, by, at, until }),
  };
}

function unpin(view: View, asked: request.UnpinRelease): RouterRecord {
  const pins = view.record.pins.filter((pin) => !isPinOf(pin, asked.release));
  return { ...view.record, pins };
}
