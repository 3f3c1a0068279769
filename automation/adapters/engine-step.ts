/** Engine events as our own data: what changes, and what the engine complains about. */

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

const quiet = new Set(["same", "read", "refresh"]);

/** The change that an event announces; null for anything else. */
export function changeOf(event: EngineEvent): Change | null {
  const metadata = event.resourcePreEvent?.metadata;
  if (!metadata || quiet.has(metadata.op)) return null;
  const name = metadata.urn.split("::").at(-1) ?? metadata.urn;
  const fields = metadata.diffs ?? Object.keys(metadata.detailedDiff ?? {});
  return { operation: metadata.op, type: metadata.type, name, fields };
}

/** An error's text; null for anything else. */
export function diagnosticOf(event: EngineEvent): string | null {
  const diagnostic = event.diagnosticEvent;
  return diagnostic?.severity === "error" ? diagnostic.message.trim() : null;
}
