/** Turns what the engine hands a program, text by key, into the values that the schema reads. */

import { asDeclared } from "./declared-types.ts";
import { fieldAt } from "./field-tree.ts";
import { namespace } from "./path.ts";
import type { Problem, Written } from "./problems.ts";

/** Values as written, with the problems that were met while reading them. */
export interface Source extends Written {
  readonly problems: readonly Problem[];
}

interface RawSettings {
  /** Keys with or without the namespace; other namespaces are left out. */
  readonly raw: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
  readonly file: string;
}

export function readRaw({ raw, secretKeys, file }: RawSettings): Source {
  const secrets = new Set(secretKeys.flatMap((key) => ownKey(key) ?? []));
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  const places = new Map<string, string>();
  for (const [fullKey, text] of Object.entries(raw)) {
    const key = ownKey(fullKey);
    // The engine hands on an empty value as empty text: the same as absent.
    if (key === null || text === "") continue;
    const before = places.get(key);
    if (before !== undefined) problems.push(writtenTwice(key, [before, `"${fullKey}"`]));
    places.set(key, `"${fullKey}"`);
    const decoded = decodeText(key, text);
    values[key] = decoded.value;
    if (decoded.problem !== undefined) problems.push(decoded.problem);
  }
  return { values, problems, secretKeys: secrets, file };
}

/** The same key with and without its namespace: nobody can tell which one is meant. */
export function writtenTwice(key: string, places: readonly [string, string]): Problem {
  const problem = `is written twice, as ${places[0]} and as ${places[1]}`;
  return { path: [key], problem, fix: `keep one of the two, "${namespace}:${key}"` };
}

/** The key without its namespace; null for another namespace's. */
export function ownKey(key: string): string | null {
  const colon = key.indexOf(":");
  if (colon === -1) return key;
  return key.slice(0, colon) === namespace ? key.slice(colon + 1) : null;
}

export interface Decoded {
  readonly value: unknown;
  readonly problem?: Problem;
}

/** Reads a top-level text by the type of its key: JSON for maps and lists, digits for numbers. */
export function decodeText(key: string, text: string): Decoded {
  const field = fieldAt([key], {});
  const type = field?.schema._zod.def.type;
  if (type !== "object" && type !== "array") return { value: asDeclared(text, field) };
  try {
    return { value: asDeclared(JSON.parse(text), field) };
  } catch {
    // The parser's own message would quote the text, which may hold secrets.
    const problem = `isn't a ${type === "object" ? "map" : "list"}`;
    const fix = "write it as YAML in the settings file, or key by key: pulumi config set --path";
    return { value: text, problem: { path: [key], problem, fix } };
  }
}
