/** Who runs this process, and whether another owner on this host is still there. */

import { hostname, userInfo } from "node:os";
import type { Owner } from "../infra/model.ts";
import { isAlive, startOf } from "../infra/process-identity.ts";
import { bootOf, isOfHost, ownPidNamespace } from "./pid-namespace.ts";

/** The start names the pid namespace as well: containers may share a host's name, not its pids. */
export function thisOwner(): Owner {
  const { pid } = process;
  const namespace = ownPidNamespace();
  const start = startOf(pid) ?? "";
  const started = namespace === null ? start : `${start}${inNamespace}${namespace}`;
  return { user: userName(), host: hostname(), pid, started };
}

const inNamespace = " in ";

/** A container may run under a user id without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${String(process.getuid?.() ?? "unknown")}`;
  }
}

/** `unknown`: of another host or container, whose processes can't be seen from here. */
export type Liveness = "live" | "dead" | "unknown";

export function livenessOf({ host, pid, started: known }: Owner): Liveness {
  const [started = "", namespace = null] = known.split(inNamespace);
  if (host !== hostname() || namespace !== ownPidNamespace()) return "unknown";
  if (isAlive({ pid, started })) return "live";
  const sameBoot = bootOf(started) === bootOf(startOf(process.pid) ?? "");
  return isOfHost(namespace) || sameBoot ? "dead" : "unknown";
}

/** What can't be judged from here counts as alive. */
export function isDeadHere(owner: Owner): boolean {
  return livenessOf(owner) === "dead";
}

/** Sorts by time, names no secret, and is unique enough for one application. */
export function newRolloutId(nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]/g, "").slice(0, 15).replace("T", "-");
  return `r-${time}-${Math.random().toString(36).slice(2, 6).padEnd(4, "0")}`;
}
