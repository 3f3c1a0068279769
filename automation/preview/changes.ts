/** The engine's announcements as a list for people: what destroys comes first. Pure. */

import { recordType } from "../../infra/provider/record-type.ts";
import type { Change } from "../adapters/engine-step.ts";

const steps: Readonly<Record<string, string>> = {
  "create-replacement": "replace",
  "delete-replaced": "replace",
  "discard-replaced": "replace",
  "remove-pending-replace": "replace",
  discard: "delete",
};

const ranks = ["delete", "replace", "update", "create"];

/**
 * One line per resource and operation, deletes and replaces first. The stack itself and its default
 * providers are left out: Pulumi hands a provider all settings, so it changes with every one.
 */
export function orderedChanges(changes: readonly Change[]): readonly Change[] {
  const found = new Map<string, Change>();
  for (const change of changes) {
    if (/^pulumi:(pulumi|providers):/.test(change.type)) continue;
    const operation = steps[change.operation] ?? change.operation;
    const key = JSON.stringify([operation, change.type, change.name]);
    const fields = [...new Set([...(found.get(key)?.fields ?? []), ...change.fields])];
    found.set(key, { ...change, operation, fields });
  }
  return [...found.values()].sort((a, b) => rank(a) - rank(b));
}

function rank({ operation }: Change): number {
  const found = ranks.indexOf(operation);
  return found === -1 ? ranks.length : found;
}

/** True for the record alone: the router keeps what it was told last, and nothing else happens. */
export function isBookkeeping({ operation, type }: Change): boolean {
  return operation === "update" && type === recordType;
}

/** Kinds with their numbers: `1 delete, 2 updates`. */
export function countChanges(changes: readonly Change[]): string {
  const counts = new Map<string, number>();
  for (const { operation } of changes) counts.set(operation, (counts.get(operation) ?? 0) + 1);
  const words = [...counts].map(([word, count]) => `${count} ${word}${count === 1 ? "" : "s"}`);
  return words.length === 0 ? "no change" : words.join(", ");
}
