/** A problem in the settings: where, which value, what is wrong and what to write instead. */

import { BlueGreenError } from "../errors.ts";
import { fieldAt } from "./field-tree.ts";
import type { Field } from "./field-tree.ts";
import { isWebhook, keyText, mayHoldSecrets, valueAt } from "./path.ts";
import type { Path } from "./path.ts";

export interface Problem {
  readonly path: Path;
  /** What is wrong, without the value: "is less than 1". */
  readonly problem: string;
  /** What to do, as an imperative: "write a whole number from 1 to 64". */
  readonly fix: string;
  /** The value as it stands in the file, where reading it changed it. */
  readonly written?: string;
  /** Other settings that the problem is about; printed with their values. */
  readonly about?: readonly Path[];
}

/** What the problems are about: the values as written, and which of them nobody may see. */
export interface Written {
  readonly values: Readonly<Record<string, unknown>>;
  /** Top-level keys whose values are secret, in whole or in part. */
  readonly secretKeys: ReadonlySet<string>;
  /** Name of the file for messages. */
  readonly file: string;
}

/** SETTINGS_INVALID with one line per problem. */
export function settingsError(problems: readonly Problem[], written: Written): BlueGreenError {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new BlueGreenError("SETTINGS_INVALID", `${written.file}: ${count}`, {
    hint: `Change ${written.file} as the lines above say; nothing was started.`,
    details: problems.map((problem) => problemLine(problem, written)),
  });
}

function problemLine(found: Problem, written: Written): string {
  const { path, problem, fix, about } = found;
  const others = (about ?? []).map((other) => keyText(other) + equals(orDefault(other, written)));
  const context = others.length === 0 ? "" : ` (${others.join(", ")})`;
  const value =
    about === undefined ? shown(path, written, found.written) : orDefault(path, written);
  return `${keyText(path)}${equals(value)}: ${problem}${context}; ${fix}`;
}

function equals(value: string | null): string {
  return value === null ? "" : ` = ${value}`;
}

/** Rules also speak of settings that nobody wrote. */
function orDefault(path: Path, written: Written): string | null {
  const value = shown(path, written);
  if (value !== null || valueAt(written.values, path) !== undefined) return value;
  const preset = fieldAt(path, written.values)?.preset;
  return preset === undefined || preset === null ? null : `${JSON.stringify(preset)}, its default`;
}

/**
 * Null where nothing is written, and where the value may hold anything, secrets too: behind an
 * unknown key, in a map, in a text that should have been one.
 */
function shown(path: Path, { values, secretKeys }: Written, source?: string): string | null {
  const value = valueAt(values, path);
  const field = fieldAt(path, values);
  if (value === undefined || field === undefined || !isPlain(value)) return null;
  if (typeof value === "string" && isContainer(field)) return null;
  const text = source ?? JSON.stringify(value);
  const hidden = mayHoldSecrets(path) || isWebhook(path) || hasCredentials.test(text);
  if (secretKeys.has(String(path[0])) || hidden) return "[secret]";
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Also of what isn't a URL because of them. */
const hasCredentials = /:\/\/.*@/;

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((entry) => typeof entry !== "object");
  return typeof value !== "object" || value === null;
}

function isContainer({ schema }: Field): boolean {
  return ["object", "array", "record", "union"].includes(schema._zod.def.type);
}
