/** The last lines of what the demo's processes wrote, for when a step fails. */

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { messageOf } from "../../infra/errors.ts";
import { stateDir } from "../../infra/state-dir.ts";
import type { DemoProject } from "./project.ts";
import { application } from "./project.ts";

const tailLines = 8;

/** A heading and some lines per log that has any; requests are left out. */
export function logTails({ variables }: Pick<DemoProject, "variables">): readonly string[] {
  const folder = join(stateDir(application, variables), "environments");
  return logFiles(folder).flatMap((file) => {
    const lines = tailOf(file);
    return lines.length === 0 ? [] : [`${relative(folder, file)}:`, ...lines.map(indented)];
  });
}

function logFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".log") && !name.endsWith("access.log"))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function tailOf(file: string): readonly string[] {
  try {
    const text = readFileSync(file, "utf8").trimEnd();
    return text === "" ? [] : text.split("\n").slice(-tailLines);
  } catch (error) {
    return [`can't be read: ${messageOf(error)}`];
  }
}

function indented(line: string): string {
  return `  ${line}`;
}
