/** Engine events as our own data: what changes, and what the engine complains about. */

import { isDeepStrictEqual } from "node:util";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";

/** One resource's operation, in a preview or an update. */
export interface Change {
  readonly operation: string;
  readonly type: string;
  readonly name: string;
  /** Names of the inputs that differ. */
  readonly fields: readonly string[];
}

export interface EngineStep {
  readonly stack: string;
  readonly change: Change;
}

type Metadata = NonNullable<EngineEvent["resourcePreEvent"]>["metadata"];

const quiet = new Set(["same", "read", "refresh"]);

/** The change that an event announces; null for anything else. */
export function changeOf(event: EngineEvent): Change | null {
  const metadata = event.resourcePreEvent?.metadata;
  if (!metadata || quiet.has(metadata.op)) return null;
  const name = metadata.urn.split("::").at(-1) ?? metadata.urn;
  const { op: operation, type } = metadata;
  return { operation, type, name, fields: fieldsOf(metadata) };
}

/** Names only, never values. A provider that doesn't tell them leaves them to be compared. */
function fieldsOf(metadata: Metadata): readonly string[] {
  const told = [...(metadata.diffs ?? []), ...Object.keys(metadata.detailedDiff ?? {})];
  if (told.length > 0) return [...new Set(told)];
  if (!metadata.old || !metadata.new) return [];
  return differing(metadata.old.inputs, metadata.new.inputs);
}

/** Dotted names down to the second level, sorted; a map that is there on one side only counts whole. */
function differing(old: unknown, now: unknown, prefix = ""): readonly string[] {
  if (!isMap(old) || !isMap(now)) return [];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
  return keys.flatMap((key) => {
    const [before, after] = [old[key] ?? null, now[key] ?? null];
    if (isDeepStrictEqual(before, after)) return [];
    const inner = prefix === "" ? differing(before, after, `${key}.`) : [];
    return inner.length > 0 ? inner : [`${prefix}${key}`];
  });
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * True where the engine says that it was killed while it made a resource. It remembers that until
 * it is told to forget, also after it has made the resource.
 */
export function tellsOfKilledCreation({ diagnosticEvent }: EngineEvent): boolean {
  return /interrupted while creating/.test(diagnosticEvent?.message ?? "");
}

/** An error's text; null for anything else. */
export function diagnosticOf(event: EngineEvent): string | null {
  const diagnostic = event.diagnosticEvent;
  return diagnostic?.severity === "error" ? diagnostic.message.trim() : null;
}
