/** Who runs this process, and whether another owner on this host is still there. */

import { hostname, userInfo } from "node:os";
import type { Owner } from "../infra/model.ts";
import { isAlive, startOf } from "../infra/process-identity.ts";

export function thisOwner(): Owner {
  const { pid } = process;
  return { user: userName(), host: hostname(), pid, started: startOf(pid) ?? "" };
}

/** A container may run under a user id without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${String(process.getuid?.() ?? "unknown")}`;
  }
}

/** Another host's processes can't be judged from here: they count as alive. */
export function isDeadHere({ host, pid, started }: Owner): boolean {
  return host === hostname() && !isAlive({ pid, started });
}

/** Sorts by time, names no secret, and is unique enough for one application. */
export function newRolloutId(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]/g, "").slice(0, 15).replace("T", "-");
  return `r-${time}-${Math.random().toString(36).slice(2, 6).padEnd(4, "0")}`;
}
