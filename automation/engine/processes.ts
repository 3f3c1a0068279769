/** Tells whether a process of this host is alive, what it is called and when it started. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { runCommand } from "./command.ts";

export interface ProcessSight {
  /** Name of the executable; Linux cuts it at 15 characters. */
  readonly name: string;
  /** Milliseconds since 1970, exact to about a second; null when the system doesn't say. */
  readonly startedAt: number | null;
}

/** The kernel counts in these ticks towards programs, on every Linux of today. */
const ticksPerSecond = 100;

/** Null: there is no such process, or only its unreaped remains. */
export async function lookAtProcess(pid: number): Promise<ProcessSight | null> {
  if (!Number.isInteger(pid) || pid <= 0 || !exists(pid)) return null;
  return process.platform === "linux" ? await fromProc(pid) : await fromPs(pid);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function fromProc(pid: number): Promise<ProcessSight | null> {
  const [line, system] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8").catch(() => null),
    readFile("/proc/stat", "utf8").catch(() => ""),
  ]);
  if (line === null) return await fromPs(pid);
  const name = line.slice(line.indexOf("(") + 1, line.lastIndexOf(")"));
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return null;
  const bootSeconds = Number(/^btime (\d+)/m.exec(system)?.[1]);
  const startedAt = (bootSeconds + Number(fields[19]) / ticksPerSecond) * 1_000;
  return { name, startedAt: Number.isFinite(startedAt) ? startedAt : null };
}

async function fromPs(pid: number): Promise<ProcessSight | null> {
  const args = ["-o", "stat=", "-o", "lstart=", "-o", "comm=", "-p", String(pid)];
  const env = { ...process.env, LC_ALL: "C" };
  const { code, lines } = await runCommand("ps", args, { env, limitMs: 5_000 });
  const match = /^\s*(\S+)\s+(\w{3} \w{3} +\d+ [\d:]+ \d{4})\s+(.*)$/.exec(lines[0] ?? "");
  if (match === null) return code === 0 || exists(pid) ? { name: "", startedAt: null } : null;
  const [, state = "", started = "", command = ""] = match;
  if (state.startsWith("Z")) return null;
  const startedAt = Date.parse(started);
  return { name: basename(command), startedAt: Number.isNaN(startedAt) ? null : startedAt };
}
