/** Reads the schema itself: what a field means, may hold and defaults to. */

import { z } from "zod";

import type { Path } from "./path.ts";
import { shape } from "./shape.ts";

export interface Field {
  /** The schema below defaults, null and conversions. */
  readonly schema: z.core.$ZodTypes;
  readonly meaning: string;
  /** What may be written, in words; empty for maps, whose keys tell. */
  readonly type: string;
  /** As it is written in a settings file; undefined where there is none, null for absent. */
  readonly preset: unknown;
}

type Described = Omit<Field, "schema">;

export function fieldOf(schema: z.core.$ZodType): Field {
  let current = schema as z.core.$ZodTypes;
  let found: Described = { meaning: "", type: "", preset: undefined };
  for (let depth = 0; depth < 20; depth += 1) {
    found = describedBy(current, found);
    const inner = innerOf(current);
    if (inner === null) break;
    current = inner as z.core.$ZodTypes;
  }
  return { schema: current, ...found };
}

function describedBy(schema: z.core.$ZodTypes, outer: Described): Described {
  const meta = z.globalRegistry.get(schema);
  const { def } = schema._zod;
  const type = typeof meta?.["type"] === "string" ? meta["type"] : "";
  return {
    meaning: outer.meaning || (meta?.description ?? ""),
    type: outer.type || type,
    preset: outer.preset === undefined && def.type === "prefault" ? def.defaultValue : outer.preset,
  };
}

function innerOf(schema: z.core.$ZodTypes): z.core.$ZodType | null {
  const { def } = schema._zod;
  if (def.type === "prefault" || def.type === "nullable") return def.innerType;
  return def.type === "pipe" ? def.in : null;
}

/** The keys of a map of fixed keys with their fields; empty for anything else. */
export function fieldsIn(schema: z.core.$ZodTypes): readonly (readonly [string, Field])[] {
  const { def } = schema._zod;
  if (def.type !== "object") return [];
  return Object.entries(def.shape).map(([key, inner]) => [key, fieldOf(inner)]);
}

/** The field at a path of the values. */
export function fieldAt(path: Path, root: unknown): Field | undefined {
  let field: Field | undefined = fieldOf(shape);
  let value = root;
  for (const part of path) {
    if (field === undefined) return undefined;
    field = childOf(field.schema, part, value);
    value = (value as Record<string | number, unknown> | null | undefined)?.[part];
  }
  return field;
}

/** The field of a key or an index; the value tells which kind of a list's entry is meant. */
export function childOf(
  schema: z.core.$ZodTypes,
  part: string | number,
  value: unknown,
): Field | undefined {
  const { def } = schema._zod;
  if (def.type === "array") return fieldOf(def.element);
  if (def.type === "record") return fieldOf(def.valueType);
  if (def.type === "object") {
    const inner = Object.hasOwn(def.shape, part) ? def.shape[part] : undefined;
    return inner === undefined ? undefined : fieldOf(inner);
  }
  const member = memberOf(schema, value) ?? (part === "kind" ? kindsOf(schema)[0]?.[1] : undefined);
  return member === undefined ? undefined : childOf(member, part, value);
}

/** The member of a union that a value belongs to by its `kind`. */
export function memberOf(schema: z.core.$ZodTypes, value: unknown): z.core.$ZodTypes | undefined {
  const kind = (value as { kind?: unknown } | null | undefined)?.kind;
  return kindsOf(schema).find(([name]) => name === kind)?.[1];
}

/** The members of a union on `kind`, by their kind; empty for anything else. */
export function kindsOf(
  schema: z.core.$ZodTypes,
): readonly (readonly [string, z.core.$ZodTypes])[] {
  const { def } = schema._zod;
  if (def.type !== "union") return [];
  return def.options.flatMap((option) => {
    const kind = fieldsIn(option as z.core.$ZodTypes).find(([key]) => key === "kind");
    if (kind?.[1].schema._zod.def.type !== "literal") return [];
    const name = String(kind[1].schema._zod.def.values[0]);
    return [[name, option as z.core.$ZodTypes] as const];
  });
}

/** The top-level keys in the order in which they are documented. */
export function keyOrder(): readonly string[] {
  return fieldsIn(shape).map(([key]) => key);
}

/** The paths of all keys, of every kind of a map too, without those of list entries. */
export function knownPaths(schema: z.core.$ZodTypes = shape, prefix: Path = []): readonly Path[] {
  const members = [schema, ...kindsOf(schema).map(([, member]) => member)];
  return members.flatMap(fieldsIn).flatMap(([key, field]) => {
    const path = [...prefix, key];
    return [path, ...knownPaths(field.schema, path)];
  });
}
