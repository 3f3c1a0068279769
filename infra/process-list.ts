/** What `ps` tells of the processes that run; on Linux and macOS alike. */

import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";

export interface CommandRow {
  readonly pid: number;
  readonly parent: number;
  /** With its arguments, as one line. */
  readonly command: string;
}

const deadlineMs = 5_000;

/** All processes of this user. */
export function ownCommands(): readonly CommandRow[] {
  const user = String(process.getuid?.() ?? userInfo().uid);
  const columns = ["pid=", "ppid=", "command="].flatMap((column) => ["-o", column]);
  // In the user's own language: in another one, letters of a path could be question marks.
  return parseCommands(runPs(["-U", user, "-ww", ...columns], process.env));
}

/** `listed`: pid, parent and command of each process, a line each. */
export function parseCommands(listed: string): readonly CommandRow[] {
  return listed.split("\n").flatMap((line) => {
    const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** What it prints with these arguments; nothing where no such process runs. */
export function runPs(args: readonly string[], env: NodeJS.ProcessEnv): string {
  try {
    return execFileSync("ps", args, {
      encoding: "utf8",
      env,
      stdio: ["ignore", "pipe", "ignore"],
      timeout: deadlineMs,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    // `ps` ends with 1 when there is no such process.
    if (error instanceof Error && "status" in error && error.status === 1) return "";
    throw error;
  }
}
