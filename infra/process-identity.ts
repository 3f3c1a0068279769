/** Tells a process from a later one with the same pid, by the time at which it started. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process that may have ended since: its pid alone could belong to another by now. */
export interface ProcessIdentity {
  readonly pid: number;
  /** What `startOf(pid)` said when the process was alive. */
  readonly started: string;
}

const psDeadlineMs = 2000;

/**
 * Start of a process in the operating system's own words, to be compared as a whole and never
 * parsed; it differs between boots. Null when no such process runs (a zombie counts as ended).
 */
export function startOf(pid: number): string | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  return process.platform === "linux" ? startByProc(pid) : startByPs(pid);
}

/** True while that very process runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return startOf(identity.pid) === identity.started;
}

/** The identity of the calling process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) ?? "unknown" };
}

let bootId: string | undefined;

function startByProc(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
  // The command name in parentheses may hold spaces and parentheses: fields count after the last.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, ticks] = [fields[0], fields[19]];
  if (state === undefined || state === "Z" || state === "X" || ticks === undefined) return null;
  return `${bootId}/${ticks}`;
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ESRCH";
}

function startByPs(pid: number): string | null {
  try {
    const line = execFileSync("ps", ["-o", "stat=", "-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
      stdio: ["ignore", "pipe", "ignore"],
      timeout: psDeadlineMs,
    }).trim();
    const [state, ...start] = line.split(/\s+/);
    return state === undefined || state === "" || state.startsWith("Z") ? null : start.join(" ");
  } catch (error) {
    // `ps` ends with 1 when there is no such process; anything else is not an answer.
    if (error instanceof Error && "status" in error && error.status === 1) return null;
    throw error;
  }
}
