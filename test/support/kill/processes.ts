/** Which processes belong to a test's project: by a path in their arguments or environment. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export type Part =
  "router" | "supervisor" | "instance" | "driver" | "engine" | "provider" | "other";

export interface ProjectProcess {
  readonly pid: number;
  readonly parent: number;
  readonly part: Part;
  readonly command: string;
}

const psDeadlineMs = 5_000;

/** Without the calling process and those that only wait to be collected. */
export function processesOf(root: string): readonly ProjectProcess[] {
  return listed()
    .filter(({ pid, command }) => pid !== process.pid && names(pid, command, root))
    .map((row) => ({ ...row, part: partOf(row.command) }));
}

/** The process and everything that it started, whatever that started included. */
export function familyOf(pid: number): readonly ProjectProcess[] {
  const rows = listed();
  const family = new Set([pid]);
  for (let size = 0; size < family.size;) {
    size = family.size;
    for (const row of rows) if (family.has(row.parent)) family.add(row.pid);
  }
  return rows
    .filter((row) => family.has(row.pid))
    .map((row) => ({ ...row, part: partOf(row.command) }));
}

type Row = Omit<ProjectProcess, "part">;

function listed(): readonly Row[] {
  const text = execFileSync("ps", ["-axww", "-o", "pid=,ppid=,stat=,command="], {
    encoding: "utf8",
    timeout: psDeadlineMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    const [, pid, parent, state = "", command = ""] = match ?? [];
    if (pid === undefined || state.startsWith("Z")) return [];
    return [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

function names(pid: number, command: string, root: string): boolean {
  return command.includes(root) || environmentOf(pid).includes(root);
}

/** Empty when the process has ended or is somebody else's. */
function environmentOf(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/environ`, "utf8");
    const args = ["-Eww", "-o", "command=", "-p", String(pid)];
    return execFileSync("ps", args, { encoding: "utf8", timeout: psDeadlineMs });
  } catch {
    return "";
  }
}

const marks: readonly (readonly [string, Part])[] = [
  ["router-process.ts", "router"],
  ["supervisor/main.ts", "supervisor"],
  ["provider/main.ts", "provider"],
  ["pulumi-resource-bluegreen", "provider"],
  ["automation/cli.ts", "driver"],
  ["server.ts", "instance"],
  ["/pulumi ", "engine"],
];

function partOf(command: string): Part {
  return marks.find(([mark]) => command.includes(mark))?.[1] ?? "other";
}
