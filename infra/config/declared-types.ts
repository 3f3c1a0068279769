/** Gives values the types that the schema declares, where the engine's CLI decided by itself. */

import { childOf } from "./field-tree.ts";
import type { Field } from "./field-tree.ts";

/**
 * `pulumi config set --path` writes 8080 and true as a number and a boolean, also where text is
 * meant, and 0.02 as text, also where a number is meant. Nothing else is converted: of 1.10 the
 * engine keeps 1.1 only.
 */
export function asDeclared(value: unknown, field: Field | undefined): unknown {
  if (field === undefined) return value;
  if (Array.isArray(value)) {
    return value.map((entry, index) => asDeclared(entry, childOf(field.schema, index, value)));
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(
      ([key, inner]) => [key, asDeclared(inner, childOf(field.schema, key, value))] as const,
    );
    return Object.fromEntries(entries);
  }
  return scalarAsDeclared(value, field);
}

function scalarAsDeclared(value: unknown, { schema }: Field): unknown {
  const { type } = schema._zod.def;
  if (type === "string" && (Number.isSafeInteger(value) || typeof value === "boolean")) {
    return String(value);
  }
  const isNumeric = typeof value === "string" && /^-?\d{1,15}(\.\d{1,15})?$/.test(value);
  return type === "number" && isNumeric ? Number(value) : value;
}
