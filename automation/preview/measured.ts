/** Reads how long the steps of former runs took, from their event logs on this machine. */

import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Logged } from "../event.ts";
import { journalFolder } from "../journal.ts";
import { measuredIn } from "./expectation.ts";
import type { Measured } from "./expectation.ts";

/** Newer ones say more, and older machines were others. */
const maxLogs = 20;
const maxBytes = 1_000_000;

/** Nothing where there are no logs, or none that can be read: they only improve an estimate. */
export async function readMeasured(application: string, environment: string): Promise<Measured> {
  const folder = journalFolder(application, environment);
  const names = await readdir(folder).catch(() => []);
  const logs = names.filter((name) => name.endsWith(".ndjson")).sort();
  const lines = await Promise.all(
    logs.slice(-maxLogs).map((name) => readLines(join(folder, name))),
  );
  return measuredIn(lines.flat());
}

async function readLines(file: string): Promise<readonly Logged[]> {
  const size = await stat(file).then(
    (found) => found.size,
    () => Infinity,
  );
  if (size > maxBytes) return [];
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => parseLine(line) ?? []);
}

/** Null for a line that was cut short by a kill. */
function parseLine(line: string): Logged | null {
  try {
    const found = JSON.parse(line) as Partial<Logged> | null;
    return typeof found?.event?.kind === "string" ? (found as Logged) : null;
  } catch {
    return null;
  }
}
