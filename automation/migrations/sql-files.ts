/** Looks through the SQL files of an expand step before anything runs. */

import { readFile, stat } from "node:fs/promises";
import { relative } from "node:path";
import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import type { RouterRecord } from "../../infra/model.ts";
import { dueExpand } from "../rollout/migration.ts";
import type { Session } from "../session.ts";
import { migrationPolicy } from "./policy.ts";
import type { Warning } from "./sql-scan.ts";
import { scanSql } from "./sql-scan.ts";

/** A longer file holds data rather than a migration, and takes long to look through. */
const maxBytes = 4 * 1024 * 1024;

/** Sentences that are told; the number of the others is. */
const maxTold = 50;

export interface FoundInFile extends Warning {
  /** Relative to the project where it is in there. */
  readonly file: string;
}

/**
 * One warning per statement and file, in their order.
 * @throws SETTINGS_INVALID for a file that can't be read
 */
export async function scanFiles(
  files: readonly string[],
  cwd: string,
): Promise<readonly FoundInFile[]> {
  const found: FoundInFile[] = [];
  for (const path of files) {
    const file = relative(cwd, path).startsWith("..") ? path : relative(cwd, path);
    found.push(...scanSql(await read(path, file)).map((warning) => ({ ...warning, file })));
  }
  return found;
}

/**
 * Before a deployment: tells of each warning by its place, where the step is due.
 * @throws MIGRATION_REFUSED where the settings don't allow what is destructive
 */
export async function lookThroughSql(
  { settings, cwd, on }: Pick<Session, "settings" | "cwd" | "on">,
  record: Pick<RouterRecord, "database">,
): Promise<void> {
  const { refusal, notes } = await judgeSql({ settings, cwd }, record);
  if (refusal) throw refusal;
  for (const sentence of notes) on({ kind: "Noted", sentence });
}

export interface JudgedSql {
  /** Why the step isn't to run; null: it may. */
  readonly refusal: BlueGreenError | null;
  readonly notes: readonly string[];
}

/** What the SQL of a deployment's expand step says; nothing where the step isn't due. */
export async function judgeSql(
  { settings, cwd }: Pick<Session, "settings" | "cwd">,
  record: Pick<RouterRecord, "database">,
): Promise<JudgedSql> {
  if (dueExpand(record, migrationPolicy(settings)) === null) return { refusal: null, notes: [] };
  const { expand, refuseDestructive } = settings.migrations;
  const found = await scanFiles(expand?.sql ?? [], cwd);
  const bad = found.filter(({ kind }) => kind === "destructive");
  if (!refuseDestructive || bad.length === 0) return { refusal: null, notes: told(found) };
  const sentence = `the SQL of expand to schema ${expand?.to ?? 0} is destructive`;
  const refusal = new BlueGreenError("MIGRATION_REFUSED", sentence, {
    hint: "move that into the contract of a later release; see docs/migrations.md",
    details: told(bad),
  });
  return { refusal, notes: [] };
}

function told(found: readonly FoundInFile[]): readonly string[] {
  const lines = found
    .slice(0, maxTold)
    .map(({ file, line, sentence }) => `${file}:${line} ${sentence}`);
  const more = found.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

async function read(path: string, name: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size <= maxBytes) return await readFile(path, "utf8");
  } catch (error) {
    const problem = `${name}, named in bluegreen:migrations.expand.sql, can't be read`;
    throw new BlueGreenError("SETTINGS_INVALID", `${problem}: ${messageOf(error)}`, {
      hint: "correct the path; it starts from the project's folder",
      cause: error,
    });
  }
  throw new BlueGreenError("SETTINGS_INVALID", `${name} is longer than 4 MB`, {
    hint: "leave files of data out of bluegreen:migrations.expand.sql",
  });
}
