/** Reading the record from stack outputs, and what else is read from it everywhere. */

import * as z from "zod";
import { BlueGreenError } from "../errors.ts";
import type {
  Claim,
  ColorOutputs,
  Database,
  HeldSize,
  Pin,
  Rollout,
  RouterReading,
  RouterRecord,
  SchemaRange,
} from "../model.ts";
import { emptyRecord, perColor, recordSchema } from "../model.ts";
import { orNull, pinShape } from "./mark-schema.ts";

const color = z.enum(["blue", "green"]);
const group = z.object({
  kind: z.enum(["header", "cookie"]),
  name: z.string(),
  value: z.string(),
});
const cohorts = z.object({ color, groups: z.array(group) });
const weights = z.object({
  blue: z.number(),
  green: z.number(),
  cohorts: cohorts.optional(),
});
const traffic = z.object({ requests: z.number(), errors: z.number() });
const release = z.object({ version: z.string(), digest: z.string() });

const owner = z.object({
  user: z.string(),
  host: z.string(),
  pid: z.number(),
  started: z.string(),
});

const permission = z.object({ by: z.string(), at: z.string(), reason: z.string() });

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
  baked: orNull(
    z.object({ verdict: z.enum(["pass", "fail", "inconclusive", "error"]), sentence: z.string() }),
  ),
  gateUntil: z.string().optional(),
  permission: permission.optional(),
  warm: z.number().optional(),
});

const shrinking = z.object({
  color,
  rolloutId: z.string(),
  filledBy: z.string(),
  size: z.number(),
});

const previousRelease = z.object({ color, release });

const ends = z.object({
  window: orNull(z.object({ previousRelease, rollbackUntil: orNull(z.string()) })),
  rollout: orNull(rollout),
});

const claim: z.ZodType<Claim> = z.object({
  color,
  rolloutId: z.string(),
  until: z.string(),
  owner: orNull(owner),
  ends: ends.optional(),
});

const migrating = orNull(z.object({ version: z.string(), digest: orNull(z.string()) }));
const migrationKind = z.enum(["expand", "contract"]);

const database = z.object({
  schema: orNull(z.number()),
  steps: z.array(
    z.object({
      kind: z.union([migrationKind, z.literal("recorded")]),
      to: z.number(),
      release: migrating,
      at: z.string(),
    }),
  ),
  pending: orNull(
    z.object({
      kind: migrationKind,
      to: z.number(),
      release: migrating,
      at: z.string(),
      owner,
      until: z.string(),
    }),
  ),
});

const record: z.ZodType<RouterRecord> = z.object({
  schema: z.number(),
  activeColor: orNull(color),
  weights,
  declared: orNull(color),
  generation: z.number(),
  previousRelease: orNull(previousRelease),
  claim: orNull(claim),
  retiring: orNull(color),
  switchedAt: orNull(z.string()),
  rollbackUntil: orNull(z.string()),
  pins: z.array(pinShape),
  rollout: orNull(rollout),
  shrinking: shrinking.nullish().transform((each) => each ?? undefined),
  database: orNull(database),
});

const colorOutputs: z.ZodType<ColorOutputs> = z.object({
  schema: z.number(),
  color,
  release,
  addresses: z.array(z.string()),
  rolloutId: z.string(),
  size: z.number(),
  held: orNull(z.object({ rolloutId: z.string(), full: z.number() })),
  readyInMs: orNull(z.number()),
  given: z.boolean(),
  component: orNull(z.string()),
  works: orNull(z.object({ from: z.number(), to: z.number() })),
  spec: z.unknown(),
});

/**
 * The version to write. What knows of the database is in version 2, and what a hold has made of a
 * color's size in version 3: who reads only an older one would drop it, and with it what it forbids.
 */
export function schemaWith(
  known: Database | SchemaRange | null,
  held: HeldSize | null = null,
): number {
  if (held) return recordSchema;
  return known ? 2 : 1;
}

/** With the version that its readers must know, for as long as it has what they must know. */
export function withSchema(next: RouterRecord): RouterRecord {
  const known = next.schema === recordSchema ? 1 : next.schema;
  const isNewest = next.weights.cohorts !== undefined || hasWarmHold(next);
  const schema = isNewest ? recordSchema : Math.max(known, schemaWith(next.database));
  return schema === next.schema ? next : { ...next, schema };
}

/** Also one that is given back where the claim that took its place ends. */
function hasWarmHold({ rollout, shrinking, claim }: RouterRecord): boolean {
  const sizes = [rollout?.warm, claim?.ends?.rollout?.warm, shrinking?.size];
  return sizes.some((size) => size !== undefined);
}

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

/** What both colors have served so far; null where it can't be counted. */
export function countsOf({ traffic }: RouterReading): Rollout["baseline"] {
  if (traffic.kind === "unknown") return null;
  return perColor((color) => {
    const { requests, errors } = traffic.colors[color];
    return { requests, errors };
  });
}

/** The pins with one more; a release is pinned once, the newest reason stays. */
export function withPin(pins: readonly Pin[], pin: Pin): readonly Pin[] {
  return [...pins.filter((other) => other.digest !== pin.digest), pin];
}

/** True when a person who names this release, by version or digest, means the pin. */
export function isPinOf({ version, digest }: Pin, release: string): boolean {
  return version === release || digest === release;
}

/** The pin that forbids a release now; null when there is none. */
export function pinOf(pins: readonly Pin[], digest: string, nowMs: number): Pin | null {
  const holds = (pin: Pin): boolean => pin.until === null || Date.parse(pin.until) > nowMs;
  return pins.find((pin) => pin.digest === digest && holds(pin)) ?? null;
}
