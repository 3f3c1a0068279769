/** Which processes run: their groups, and the marker in their environment. */

import { readdirSync, readFileSync } from "node:fs";
import { runPs } from "../../../process-list.ts";

/** Name of the variable by which every process of an instance can be recognized. */
export const markerName = "BLUEGREEN_INSTANCE";

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** All processes that run now; those that ended and only wait to be collected are left out. */
export function listProcesses(): ProcessRow[] {
  return process.platform === "linux" ? listByProc() : listByPs();
}

/** True when that process, or whoever started it, was started with this marker. */
export function isMarked(pid: number, marker: string): boolean {
  const variable = `${markerName}=${marker}`;
  if (process.platform === "linux") {
    return (readProc(pid, "environ") ?? "").split("\0").includes(variable);
  }
  const line = runEnglishPs(["-E", "-ww", "-o", "command=", "-p", String(pid)]);
  return line.split(/\s+/).includes(variable);
}

/** The first process of those that carry the marker; null when none runs. */
export function findMarked(marker: string): ProcessRow | null {
  const marked = listProcesses().filter(
    (row) => row.pid !== process.pid && isMarked(row.pid, marker),
  );
  const pids = new Set(marked.map((row) => row.pid));
  const leaders = marked.filter((row) => row.pid === row.group && !pids.has(row.parent));
  return leaders[0] ?? null;
}

function listByProc(): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readProc(pid, "stat") : null;
    if (stat === null) continue;
    const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") continue;
    rows.push({ pid, parent: Number(parent), group: Number(group) });
  }
  return rows;
}

/** Null when that process is gone or belongs to somebody else. */
function readProc(pid: number, file: "stat" | "environ"): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM") return null;
    throw error;
  }
}

function listByPs(): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const line of runEnglishPs(["-axo", "pid=,ppid=,pgid=,stat="]).split("\n")) {
    const [pid, parent, group, state] = line.trim().split(/\s+/);
    if (state === undefined || state.startsWith("Z")) continue;
    rows.push({ pid: Number(pid), parent: Number(parent), group: Number(group) });
  }
  return rows;
}

function runEnglishPs(args: readonly string[]): string {
  return runPs(args, { ...process.env, LC_ALL: "C" });
}
