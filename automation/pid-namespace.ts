/** The pid namespace of this process: in another one its pid is nobody's, or somebody else's. */

import { readlinkSync } from "node:fs";
import { startOf } from "../infra/process-identity.ts";

/** The host's own namespace has this number in every Linux kernel (PROC_PID_INIT_INO). */
const ofHost = "pid:[4026531836]";

/** As the kernel names it; null where there are no such namespaces, as on macOS. */
export function ownPidNamespace(): string | null {
  if (process.platform !== "linux") return null;
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    // Without that file nothing is known: then no container is assumed.
    return null;
  }
}

/** True where pids are those of the whole host, not of a container. */
export function isOfHost(namespace: string | null): boolean {
  return namespace === null || namespace === ofHost;
}

/**
 * Names this container among all that ever had the host's name: numbers of namespaces are used
 * again after a reboot, and on other hosts.
 */
export function ownContainer(): string {
  return `${String(ownPidNamespace())} of boot ${bootOf(startOf(process.pid) ?? "")}`;
}

/** The boot that a process started in, from what `startOf` says of it on Linux. */
export function bootOf(started: string): string {
  return started.split("/")[0] ?? "";
}
