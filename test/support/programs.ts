/** Programs of the system that some tests need: found, or a reason to skip. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe } from "vitest";
import { requireAll } from "./project/engine.ts";

/** Debian keeps servers where a user's PATH doesn't lead. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  for (const folder of folders) {
    try {
      const path = join(folder, name);
      execFileSync("test", ["-x", path]);
      return path;
    } catch {
      continue;
    }
  }
  return null;
}

/** `describe` for tests on real programs: skipped with a reason, or demanded. */
export function describeWith(programs: readonly string[], name: string, tests: () => void): void {
  const missing = programs.filter((each) => findProgram(each) === null);
  if (missing.length > 0 && !requireAll) {
    console.warn(`skipped, ${missing.join(" and ")} isn't on this machine: ${name}`);
    describe.skip(name, tests);
    return;
  }
  describe(name, tests);
}

/** HAProxy's workers, where root starts it; an account that Linux and macOS have, with its group. */
export function workersAccount(): string | null {
  return process.getuid?.() === 0 ? "daemon" : null;
}

/** A server's first process with its workers. */
export function serverPids(first: number): readonly number[] {
  const table = execFileSync("ps", ["-axo", "pid=,ppid="], { encoding: "utf8" });
  const workers = table.split("\n").flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return pid !== undefined && parent === first ? [pid] : [];
  });
  return [first, ...workers];
}
