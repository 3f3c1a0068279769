/** The lock that another process's update holds on a stack of a file backend. */

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { backendFolder } from "./project.ts";
import type { Project } from "./project.ts";

export interface HeldLock {
  readonly pid: number;
  /** Ends the process and removes the lock. */
  readonly free: () => void;
}

/**
 * Held by a process of its own that lives until `free`, at most two minutes. `backend`: the folder
 * with the state; default the one that the driver chose.
 */
export function holdLock(
  project: Project,
  stack = project.stack,
  backend = backendFolder(project),
): HeldLock {
  const owner = spawn("sleep", ["120"], { stdio: "ignore" });
  const folder = join(backend, ".pulumi/locks/organization/bluegreen", stack);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${randomUUID()}.json`);
  const pid = owner.pid ?? 0;
  const { username } = userInfo();
  const timestamp = new Date().toISOString();
  writeFileSync(file, JSON.stringify({ pid, username, hostname: hostname(), timestamp }));
  return {
    pid,
    free: () => {
      owner.kill("SIGKILL");
      rmSync(file, { force: true });
    },
  };
}
