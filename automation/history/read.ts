/** Reads the updates of a router's stack from the engine, page by page. */

import { askStack } from "../adapters/pulumi-cli.ts";
import type { CliTarget } from "../adapters/pulumi-cli.ts";
import type { DirectMark } from "../../infra/model.ts";
import { directEntry, entriesOf, parseUpdates } from "./entries.ts";
import type { EngineUpdate, HistoryEntry } from "./entries.ts";

export interface HistoryQuery {
  readonly stack: string;
  /** Newest entries that are wanted. */
  readonly limit: number;
  /** Also what changed nothing. */
  readonly all: boolean;
  /** What a rollback has left in the router; null: nothing, or it can't be asked. */
  readonly mark: DirectMark | null;
}

const pageSize = 100;
/** 10,000 updates are years of rollouts. */
const maxPages = 100;

/** Newest first; empty where the stack doesn't exist. */
export async function readHistory(
  cli: CliTarget,
  { stack, limit, all, mark }: HistoryQuery,
): Promise<readonly HistoryEntry[]> {
  const updates: EngineUpdate[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    const found = await readPage(cli, stack, page);
    updates.push(...found);
    const entries = entriesWith(updates, mark).filter(({ kind }) => all || kind !== "other");
    // Where the claim of the oldest switch is on the next page, that switch keeps its own words.
    if (entries.length >= limit || found.length < pageSize) return entries.slice(0, limit);
  }
  return entriesWith(updates, mark).slice(0, limit);
}

function entriesWith(
  updates: readonly EngineUpdate[],
  mark: DirectMark | null,
): readonly HistoryEntry[] {
  const entries = entriesOf(updates);
  const direct = directEntry(mark, updates);
  if (direct === null) return entries;
  const index = entries.findIndex(({ at }) => Date.parse(at) <= Date.parse(direct.at));
  return entries.toSpliced(index < 0 ? entries.length : index, 0, direct);
}

async function readPage(
  cli: CliTarget,
  stack: string,
  page: number,
): Promise<readonly EngineUpdate[]> {
  const pages = ["--page-size", String(pageSize), "--page", String(page)];
  const text = await askStack(
    cli,
    ["stack", "history", "--json", ...pages, "--stack", stack],
    stack,
  );
  return text === null || text.trim() === "" ? [] : parseUpdates(text);
}
