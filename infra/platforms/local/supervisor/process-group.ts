/** Ends an instance with everything that it started, and nothing else. */

import { BlueGreenError } from "../../../errors.ts";
import { isAlive, startOf } from "../../../process-identity.ts";
import type { ProcessIdentity } from "../../../process-identity.ts";
import { isMarked, listProcesses } from "./process-table.ts";
import { waitUntil } from "./waiting.ts";

/** A process that leads a group of its own, and the marker that its descendants inherit. */
export interface GroupIdentity extends ProcessIdentity {
  readonly marker: string;
}

const killDeadlineMs = 5000;

/**
 * SIGTERM to the whole group, `drainMs` to end, then SIGKILL. Nothing is signalled unless the
 * leader is that very process, or members that it left behind carry its marker.
 *
 * @throws BlueGreenError COLOR_BUSY when not even SIGKILL ends it.
 */
export async function endGroup(group: GroupIdentity, drainMs: number): Promise<void> {
  if (!isOurs(group)) return;
  signalGroup(group.pid, "SIGTERM");
  if (await groupEnds(group.pid, drainMs)) return;
  signalGroup(group.pid, "SIGKILL");
  if (await groupEnds(group.pid, killDeadlineMs)) return;
  throw new BlueGreenError("COLOR_BUSY", `process ${group.pid} doesn't end, not even by SIGKILL`, {
    hint: `Look at it with: ps -o pid,stat,wchan,command -g ${group.pid}`,
  });
}

/** Ends what a dead leader left behind; a port might still be held there. */
export async function endLeftovers(group: GroupIdentity): Promise<void> {
  if (isAlive(group) || !isOurs(group)) return;
  signalGroup(group.pid, "SIGKILL");
  await groupEnds(group.pid, killDeadlineMs);
}

/** Ends a group at once that this process started and that nothing else knows of yet. */
export function killNewGroup(pid: number): void {
  signalGroup(pid, "SIGKILL");
}

function isOurs(group: GroupIdentity): boolean {
  if (isAlive(group)) return true;
  if (!groupMayExist(group.pid)) return false;
  return membersOf(group.pid).some((pid) => isMarked(pid, group.marker));
}

/** While a group has members, its number is given to no other process. */
function groupEnds(leader: number, withinMs: number): Promise<boolean> {
  const ended = () =>
    startOf(leader) === null && (!groupMayExist(leader) || membersOf(leader).length === 0);
  return waitUntil(ended, { withinMs, everyMs: process.platform === "linux" ? 25 : 200 });
}

function membersOf(group: number): number[] {
  return listProcesses()
    .filter((row) => row.group === group)
    .map((row) => row.pid);
}

/** Also true of a group whose last members ended and only wait to be collected. */
function groupMayExist(group: number): boolean {
  return signalGroup(group, 0);
}

/** False when there is no such group. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ESRCH") return false;
    // Linux: no member may be signalled. macOS: also when all members have ended.
    if (code === "EPERM") return true;
    throw error;
  }
}
