/** Bringing the record in line with the data plane: where they differ, the data plane wins. Pure. */

import type {
  Color,
  ColorOutputs,
  DirectMark,
  Instant,
  PerColor,
  Rollout,
  RouterReading,
  RouterRecord,
  Weights,
} from "../model.ts";
import {
  activeOf,
  areAmong,
  formatWeights,
  groupsOf,
  hasAll,
  isServed,
  otherColor,
  sameWeights,
} from "../model.ts";
import { isByHand } from "./by-hand.ts";
import { countsOf, withPin } from "./record.ts";
import { withShrinking } from "./shrinking.ts";

/** How the data plane relates to the record. */
export type Drift =
  | { readonly kind: "none" }
  /** The router can't be asked, or has lost its state and serves nothing: the record stands. */
  | { readonly kind: "silent"; readonly sentence: string }
  /** An update of ours moved the router and was cut short before it was recorded. */
  | { readonly kind: "interrupted"; readonly sentence: string }
  /** A direct rollback left its mark. */
  | { readonly kind: "direct"; readonly sentence: string }
  /** Somebody else moved the router. */
  | { readonly kind: "foreign"; readonly sentence: string };

export interface Adopted {
  readonly record: RouterRecord;
  readonly drift: Drift;
}

/** What an observation brings together. */
export interface Found {
  /** As it stands in the router's stack. */
  readonly record: RouterRecord;
  readonly reading: RouterReading;
  readonly colors: PerColor<ColorOutputs | null>;
  readonly now: Instant;
}

/** The record as the data plane proves it: where they differ, the data plane wins. */
export function adopt(found: Found): Adopted {
  const adopted = adoptTraffic(found);
  return { ...adopted, record: withShrinking(found.colors, found.record, adopted.record) };
}

function adoptTraffic(found: Found): Adopted {
  const { reading } = found;
  if (reading.weights === null) {
    const { record } = found;
    const sentence = reading.problems[0] ?? "the router can't be asked";
    return { record, drift: record.activeColor ? { kind: "silent", sentence } : { kind: "none" } };
  }
  const mark = newsIn(found);
  if (mark && !mark.setBack) return adoptMark(found.record, reading, mark);
  const record = mark ? pinned(found.record, mark) : found.record;
  const generation = Math.max(record.generation, reading.generation ?? 0, mark?.generation ?? 0);
  const known = { ...record, generation };
  if (sameWeights(reading.weights, record.weights)) {
    return { record: known, drift: { kind: "none" } };
  }
  if (activeOf(reading.weights) === null && reading.weights.blue === 0) {
    const sentence = `the router serves nothing, the record says ${formatWeights(record.weights)}`;
    return { record: known, drift: { kind: "silent", sentence } };
  }
  return adoptWeights({ ...found, record }, reading.weights, generation);
}

/** The mark in the router that no update has taken over yet. */
function newsIn({ record, reading: { mark } }: Found): DirectMark | null {
  return mark && mark.generation > record.generation ? mark : null;
}

function pinned(record: RouterRecord, { pin }: DirectMark): RouterRecord {
  return pin ? { ...record, pins: withPin(record.pins, pin) } : record;
}

function adoptMark(record: RouterRecord, reading: RouterReading, mark: DirectMark): Adopted {
  const weights = reading.weights ?? record.weights;
  const sentence = `${mark.by} rolled back at ${mark.at}: ${mark.reason}`;
  return {
    record: {
      ...pinned(record, mark),
      activeColor: activeOf(weights),
      weights,
      generation: mark.generation,
      previousRelease: null,
      claim: null,
      switchedAt: mark.at,
      rollbackUntil: null,
      rollout: null,
    },
    drift: { kind: "direct", sentence },
  };
}

function adoptWeights(found: Found, weights: Weights, known: number): Adopted {
  const { record, reading, now } = found;
  const writer = writerOf(record, reading);
  const partial = isServed(weights, "blue") && isServed(weights, "green");
  // Until its switch a rollout's color isn't the active one, whatever its share.
  const shifting = writer === "rollout" && partial;
  const activeColor = shifting ? record.activeColor : (activeOf(weights) ?? record.activeColor);
  const moved = activeColor !== record.activeColor;
  const generation = Math.max(known, moved ? record.generation + 1 : 0);
  const begun = writer === "unrecorded" && activeColor ? begunSwitch(found, activeColor) : null;
  const adopted: RouterRecord = {
    ...record,
    activeColor,
    weights,
    generation,
    switchedAt: moved ? now : record.switchedAt,
    claim: begun ? null : record.claim,
    rollout: begun ?? continuedRollout(found, activeColor, weights),
  };
  const sentence = `the router serves ${formatWeights(weights)}, the record says ${formatWeights(record.weights)}`;
  if (writer === "stranger") return { record: adopted, drift: { kind: "foreign", sentence } };
  const cut = `${sentence}: the update of ${String(reading.rolloutId)} was cut short`;
  return { record: adopted, drift: { kind: "interrupted", sentence: cut } };
}

/**
 * Who wrote the routes: the rollout in the record; an update whose record was never stored, which
 * the router's stamp tells by being one generation ahead; or somebody without a stamp of his own.
 */
function writerOf(
  { rollout, generation, weights }: RouterRecord,
  reading: RouterReading,
): "rollout" | "unrecorded" | "stranger" {
  const { rolloutId } = reading;
  if (rolloutId === null) return "stranger";
  if (rollout !== null && !isOver(rollout) && rolloutId === rollout.id) {
    // A rollout only raises its share: whoever lowered it, or took a cohort away, has left the stamp as it was.
    return lowered(rollout, { weights, reading }) ? "stranger" : "rollout";
  }
  return reading.generation === generation + 1 ? "unrecorded" : "stranger";
}

function lowered(
  { phase, color }: Rollout,
  { weights, reading }: Pick<RouterRecord, "weights"> & { readonly reading: RouterReading },
): boolean {
  const { weights: served } = reading;
  if (phase !== "shift" || served === null || !isServed(served, color)) return false;
  if (hasAll(served, color)) return false;
  const kept = areAmong(groupsOf(weights, color), groupsOf(served, color));
  return served[color] < weights[color] || !kept;
}

/** A switch that begins its rollout with the flip itself; null for a flip by hand. */
function begunSwitch({ record, reading, colors, now }: Found, color: Color): Rollout | null {
  const { rolloutId: id } = reading;
  const outputs = colors[color];
  if (id === null || isByHand(id) || !outputs) return null;
  return {
    id,
    kind: "switch",
    phase: "bake",
    since: now,
    color,
    former: record.activeColor,
    version: outputs.release.version,
    digest: outputs.release.digest,
    baseline: countsOf(reading),
    hooksDone: [],
    baked: null,
  };
}

/** An interrupted switch goes on in its bake; traffic that others moved away ends a rollout. */
function continuedRollout(
  { record: { rollout }, reading, now }: Found,
  activeColor: Color | null,
  weights: Weights,
): Rollout | null {
  if (!rollout) return null;
  const left = activeColor === otherColor(rollout.color);
  if (isOver(rollout)) return left ? null : rollout;
  const share = weights[rollout.color];
  if (!isServed(weights, rollout.color)) return rollout;
  // What a step counts from says nothing of the next one, which has other weights.
  const before = rollout.phase === "shift" ? null : rollout.baseline;
  const baseline = before ?? countsOf(reading);
  return { ...rollout, phase: share === 100 ? "bake" : "shift", since: now, baseline };
}

/** True once a rollout's switch is in the record: what moves traffic then isn't its switch. */
function isOver({ phase }: Rollout): boolean {
  return phase === "bake" || phase === "hold";
}
