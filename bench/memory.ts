/** Peak memory of a process and of its children, sampled: from /proc, elsewhere from `ps`. */

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

export interface Peak {
  /** Of the process itself. */
  readonly ownMb: number;
  /** Of all its descendants together, as they were at one moment. */
  readonly childrenMb: number;
}

interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly mb: number;
}

const everyMs = 40;

/** Samples until `ended` settles; shorter peaks than 40 ms may be missed. */
export async function peakMemory(pid: number, ended: Promise<unknown>): Promise<Peak> {
  let peak: Peak = { ownMb: 0, childrenMb: 0 };
  const timer = setInterval(() => {
    const entries = process.platform === "linux" ? entriesByProc() : entriesByPs();
    const own = entries.find((entry) => entry.pid === pid)?.mb ?? 0;
    const children = descendants(pid, entries).reduce((sum, { mb }) => sum + mb, 0);
    peak = {
      ownMb: Math.max(peak.ownMb, own),
      childrenMb: Math.max(peak.childrenMb, children),
    };
  }, everyMs);
  try {
    await ended;
    return peak;
  } finally {
    clearInterval(timer);
  }
}

function descendants(root: number, entries: readonly Entry[]): readonly Entry[] {
  const found: Entry[] = [];
  let parents = new Set([root]);
  while (parents.size > 0) {
    const next = entries.filter(({ parent }) => parents.has(parent));
    found.push(...next);
    parents = new Set(next.map(({ pid }) => pid));
  }
  return found;
}

function entriesByProc(): readonly Entry[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    const status = Number.isInteger(pid) ? readStatus(pid) : null;
    if (status === null) return [];
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
    return [{ pid, parent, mb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024 }];
  });
}

/** Null for a process that has just ended. */
function readStatus(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return null;
    throw error;
  }
}

function entriesByPs(): readonly Entry[] {
  const text = execFileSync("ps", ["-axo", "pid=,ppid=,rss="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const [pid, parent, kb] = line.trim().split(/\s+/).map(Number);
    if (pid === undefined || parent === undefined || kb === undefined) return [];
    return [{ pid, parent, mb: kb / 1024 }];
  });
}
