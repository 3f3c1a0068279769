/** The processes that belong to a test's project, found by its folder; ended one by one by id. */

import { readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startOf } from "../../../infra/process-identity.ts";
import { parseCommands, runPs } from "../../../infra/process-list.ts";
import type { CommandRow } from "../../../infra/process-list.ts";

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Whatever names the folder in its command line, or works in it. The folder's name is unique. */
export function processesOf(folder: string): readonly FoundProcess[] {
  return allProcesses().filter(
    ({ pid, command }) =>
      pid !== process.pid && (command.includes(folder) || worksIn(pid).startsWith(folder)),
  );
}

/** Kills by id and waits until all are gone. Nothing happens where they are gone already. */
export async function endProcesses(pids: readonly number[]): Promise<void> {
  for (const pid of pids) kill(pid);
  for (const pid of pids) await untilGone(pid);
}

export async function untilGone(pid: number, limitMs = 5_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (startOf(pid) !== null) {
    if (Date.now() > deadline) throw new Error(`process ${pid} goes on after ${limitMs} ms`);
    await sleep(10);
  }
}

/** Kills by id; it may have ended meanwhile. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Of this machine, everybody's. */
export function allProcesses(): readonly CommandRow[] {
  return parseCommands(runPs(["-axww", "-o", "pid=,ppid=,command="], process.env));
}

/** Empty where the system doesn't tell. */
function worksIn(pid: number): string {
  if (process.platform !== "linux") return "";
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}
