/** What the processes of a project are, and which of them a command started. */
import { allProcesses } from "../project/processes.ts";
import type { Project } from "../project/project.ts";

export type Part =
  "router" | "supervisor" | "instance" | "driver" | "engine" | "provider" | "other";

export interface PartProcess {
  readonly pid: number;
  readonly command: string;
  readonly part: Part;
}

export function partsOf(project: Project): readonly PartProcess[] {
  return project.processes().map((found) => ({ ...found, part: partOf(found.command) }));
}

/** The process and everything that it started, whatever that started included. */
export function familyOf(pid: number): readonly PartProcess[] {
  const rows = allProcesses();
  const family = new Set([pid]);
  for (let size = 0; size < family.size;) {
    size = family.size;
    for (const row of rows) if (family.has(row.parent)) family.add(row.pid);
  }
  return rows.flatMap(({ pid: each, command }) =>
    family.has(each) ? [{ pid: each, command, part: partOf(command) }] : [],
  );
}

const marks: readonly (readonly [RegExp, Part])[] = [
  [/router-process\.ts/, "router"],
  [/supervisor\/main\.ts/, "supervisor"],
  [/provider\/main\.ts|pulumi-resource-bluegreen-core/, "provider"],
  [/automation\/cli\.ts/, "driver"],
  [/server\.ts/, "instance"],
  [/pulumi (up|destroy|preview|refresh|stack|config|version)\b/, "engine"],
];

function partOf(command: string): Part {
  return marks.find(([mark]) => mark.test(command))?.[1] ?? "other";
}
