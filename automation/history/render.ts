/** The history as a table for people. Pure. */

import { head } from "../report/safe-text.ts";
import type { Paint } from "../report/paint.ts";
import type { EntryKind, HistoryEntry } from "./entries.ts";

/** Messages may quote reasons that people typed. */
const maxWhat = 120;

export function renderHistory(entries: readonly HistoryEntry[], paint: Paint): string {
  if (entries.length === 0) return "nothing here yet: `bluegreen deploy --version 1`";
  const rows = entries.map((entry) => ({ entry, what: whatOf(entry) }));
  const width = Math.max(...rows.map(({ what }) => what.length));
  return rows.map(({ entry, what }) => line(entry, what.padEnd(width), paint)).join("\n");
}

function whatOf({ what }: HistoryEntry): string {
  return head(what, maxWhat).replaceAll(/\s+/g, " ");
}

const marks: Readonly<Record<EntryKind, string>> = { traffic: "*", record: " ", other: " " };

const words = { succeeded: "ok", failed: "failed", "in-progress": "running" } as const;

function line({ at, kind, result, ms, who }: HistoryEntry, what: string, paint: Paint): string {
  const time = at.replace("T", " ").replace(/(\.\d+)?Z$/, "Z");
  const word = words[result].padEnd(7);
  const took = (ms === null ? "" : `${Math.round(ms / 1_000)} s`).padStart(5);
  const text = kind === "traffic" ? paint.bold(what) : what;
  const ended = result === "failed" ? paint.red(word) : paint.dim(word);
  return [paint.dim(time), marks[kind], text, ended, took, who ?? paint.dim("unknown")].join("  ");
}
