/** Reading the record from stack outputs, and bringing it in line with the data plane. */

import * as z from "zod";
import { BlueGreenError } from "../errors.ts";
import type {
  ColorOutputs,
  DirectMark,
  Pin,
  RouterReading,
  RouterRecord,
  Weights,
} from "../model.ts";
import {
  activeOf,
  emptyRecord,
  formatWeights,
  otherColor,
  perColor,
  recordSchema,
  sameWeights,
} from "../model.ts";

/** The engine may drop nulls on their way through a stack's state: absent means null. */
function orNull<T extends z.ZodType>(shape: T) {
  return shape.nullish().transform((value) => value ?? null);
}

const color = z.enum(["blue", "green"]);
const weights = z.object({ blue: z.number(), green: z.number() });
const traffic = z.object({ requests: z.number(), errors: z.number() });
const release = z.object({ version: z.string(), digest: z.string() });

const owner = z.object({
  user: z.string(),
  host: z.string(),
  pid: z.number(),
  started: z.string(),
});

const claim = z.object({
  color,
  rolloutId: z.string(),
  until: z.string(),
  owner: orNull(owner),
});

const pin = z.object({
  digest: z.string(),
  version: z.string(),
  reason: z.string(),
  by: z.string(),
  at: z.string(),
  until: orNull(z.string()),
});

const rollout = z.object({
  id: z.string(),
  kind: z.enum(["deploy", "switch"]),
  phase: z.enum(["provision", "check", "gate", "shift", "bake", "hold"]),
  since: z.string(),
  color,
  former: orNull(color),
  version: z.string(),
  digest: orNull(z.string()),
  baseline: orNull(z.object({ blue: traffic, green: traffic })),
  hooksDone: z.array(z.string()),
});

const record: z.ZodType<RouterRecord> = z.object({
  schema: z.number(),
  activeColor: orNull(color),
  weights,
  declared: orNull(color),
  generation: z.number(),
  previousRelease: orNull(z.object({ color, release })),
  claim: orNull(claim),
  retiring: orNull(color),
  switchedAt: orNull(z.string()),
  rollbackUntil: orNull(z.string()),
  pins: z.array(pin),
  rollout: orNull(rollout),
});

const colorOutputs: z.ZodType<ColorOutputs> = z.object({
  schema: z.number(),
  color,
  release,
  addresses: z.array(z.string()),
  rolloutId: z.string(),
  size: z.number(),
  given: z.boolean(),
  spec: z.unknown(),
});

type Outputs = Readonly<Record<string, unknown>>;

/**
 * The record in the outputs of the router's stack; empty outputs give the empty record.
 * @throws RECORD_NEWER, RECORD_BROKEN
 */
export function parseRecord(outputs: Outputs): RouterRecord {
  if (outputs["schema"] === undefined) return emptyRecord;
  return parse(record, outputs, "the router's stack");
}

/** False while the router's stack has no outputs: it doesn't exist, or was never made whole. */
export function isRecorded(stored: RouterRecord): boolean {
  return stored !== emptyRecord;
}

/**
 * What a color's stack says of itself; null while the color is empty.
 * @throws RECORD_NEWER, RECORD_BROKEN
 */
export function parseColorOutputs(outputs: Outputs): ColorOutputs | null {
  if (outputs["schema"] === undefined) return null;
  return parse(colorOutputs, outputs, "a color's stack");
}

function parse<T>(shape: z.ZodType<T>, outputs: Outputs, where: string): T {
  const schema = outputs["schema"];
  if (typeof schema === "number" && schema > recordSchema) {
    throw new BlueGreenError(
      "RECORD_NEWER",
      `${where} was written with record version ${schema}, this bluegreen knows ${recordSchema}`,
      { hint: "use the newer bluegreen that wrote it; nothing was changed" },
    );
  }
  const result = shape.safeParse(outputs);
  if (result.success) return result.data;
  throw new BlueGreenError("RECORD_BROKEN", `the record in ${where} can't be read`, {
    hint: "look at it with `bluegreen pulumi -- stack output`; `bluegreen doctor` explains more",
    details: result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
  });
}

/** How the data plane relates to the record. */
export type Drift =
  | { readonly kind: "none" }
  /** The router can't be asked, or has lost its state and serves nothing: the record stands. */
  | { readonly kind: "silent"; readonly sentence: string }
  /** An update of this very rollout moved the router and was cut short before it was recorded. */
  | { readonly kind: "interrupted"; readonly sentence: string }
  /** A direct rollback left its mark. */
  | { readonly kind: "direct"; readonly sentence: string }
  /** Somebody else moved the router. */
  | { readonly kind: "foreign"; readonly sentence: string };

export interface Adopted {
  readonly record: RouterRecord;
  readonly drift: Drift;
}

/** The record as the data plane proves it: where they differ, the data plane wins. */
export function adopt(record: RouterRecord, reading: RouterReading, now: string): Adopted {
  if (reading.weights === null) {
    const sentence = reading.problems[0] ?? "the router can't be asked";
    return { record, drift: record.activeColor ? { kind: "silent", sentence } : { kind: "none" } };
  }
  const { mark } = reading;
  if (mark && mark.generation > record.generation) return adoptMark(record, reading, mark);
  const generation = Math.max(record.generation, reading.generation ?? 0);
  const known = { ...record, generation };
  if (sameWeights(reading.weights, record.weights)) {
    return { record: known, drift: { kind: "none" } };
  }
  if (activeOf(reading.weights) === null && reading.weights.blue === 0) {
    const sentence = `the router serves nothing, the record says ${formatWeights(record.weights)}`;
    return { record: known, drift: { kind: "silent", sentence } };
  }
  return adoptWeights(record, reading, now);
}

function adoptMark(record: RouterRecord, reading: RouterReading, mark: DirectMark): Adopted {
  const weights = reading.weights ?? record.weights;
  const pins = mark.pin ? withPin(record.pins, mark.pin) : record.pins;
  const sentence = `${mark.by} rolled back at ${mark.at}: ${mark.reason}`;
  return {
    record: {
      ...record,
      activeColor: activeOf(weights),
      weights,
      generation: mark.generation,
      previousRelease: null,
      claim: null,
      switchedAt: mark.at,
      rollbackUntil: null,
      pins,
      rollout: null,
    },
    drift: { kind: "direct", sentence },
  };
}

function adoptWeights(record: RouterRecord, reading: RouterReading, now: string): Adopted {
  const weights = reading.weights ?? record.weights;
  const { rollout } = record;
  const ours = rollout !== null && !isOver(rollout) && reading.rolloutId === rollout.id;
  const partial = weights.blue > 0 && weights.green > 0;
  // Until its switch a rollout's color isn't the active one, whatever its share.
  const shifting = ours && partial;
  const activeColor = shifting ? record.activeColor : (activeOf(weights) ?? record.activeColor);
  const moved = activeColor !== record.activeColor;
  const generation = Math.max(
    reading.generation ?? 0,
    moved ? record.generation + 1 : record.generation,
  );
  const sentence = `the router serves ${formatWeights(weights)}, the record says ${formatWeights(record.weights)}`;
  const adopted: RouterRecord = {
    ...record,
    activeColor,
    weights,
    generation,
    switchedAt: moved ? now : record.switchedAt,
    rollout: rollout && continuedRollout(rollout, { activeColor, weights, now, reading }),
  };
  return { record: adopted, drift: { kind: ours ? "interrupted" : "foreign", sentence } };
}

type Continued = NonNullable<RouterRecord["rollout"]>;

/** An interrupted switch goes on in its bake; traffic that others moved away ends a rollout. */
function continuedRollout(
  rollout: Continued,
  found: {
    activeColor: RouterRecord["activeColor"];
    weights: Weights;
    now: string;
    reading: RouterReading;
  },
): Continued | null {
  const left = found.activeColor === otherColor(rollout.color);
  if (isOver(rollout)) return left ? null : rollout;
  const share = found.weights[rollout.color];
  if (share === 0) return rollout;
  const baseline = rollout.baseline ?? countsOf(found.reading);
  return { ...rollout, phase: share === 100 ? "bake" : "shift", since: found.now, baseline };
}

/** What both colors have served so far; null where it can't be counted. */
export function countsOf({ traffic }: RouterReading): Continued["baseline"] {
  if (traffic.kind === "unknown") return null;
  return perColor((color) => {
    const { requests, errors } = traffic.colors[color];
    return { requests, errors };
  });
}

/** True once a rollout's switch is in the record: what moves traffic then isn't its switch. */
function isOver({ phase }: Continued): boolean {
  return phase === "bake" || phase === "hold";
}

/** The pins with one more; a release is pinned once, the newest reason stays. */
export function withPin(pins: readonly Pin[], pin: Pin): readonly Pin[] {
  return [...pins.filter((other) => other.digest !== pin.digest), pin];
}

/** The pin that forbids a release now; null when there is none. */
export function pinOf(pins: readonly Pin[], digest: string, nowMs: number): Pin | null {
  const holds = (pin: Pin): boolean => pin.until === null || Date.parse(pin.until) > nowMs;
  return pins.find((pin) => pin.digest === digest && holds(pin)) ?? null;
}
