/** nginx and HAProxy on this machine: where they are, which version, and how to get them. */

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian keeps servers where a user's PATH doesn't lead. */
const further = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
const versionMs = 5_000;

/** Null when there is none. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...further];
  const paths = folders.filter((folder) => folder !== "").map((folder) => join(folder, name));
  return paths.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** HAProxy's workers, where root starts it. */
export function workersAccount(program: string): string | null {
  return program === "haproxy" && process.getuid?.() === 0 ? "daemon" : null;
}

/** What to tell a person whose machine lacks these programs. */
export function missingSentence(names: readonly string[]): string {
  const are = names.length === 1 ? "isn't" : "aren't";
  return (
    `${names.join(" and ")} ${are} on this machine. Install with: ` +
    `sudo apt-get install --no-install-recommends ${names.join(" ")}`
  );
}

/** Name and version, such as "nginx 1.22.1". */
export function describeProgram(name: string, program: string): string {
  // nginx tells its version on the error output.
  const { stdout, stderr } = spawnSync(program, ["-v"], { encoding: "utf8", timeout: versionMs });
  return `${name} ${versionIn(`${stdout}\n${stderr}`) ?? "of an unknown version"}`;
}

export function versionIn(output: string): string | null {
  return /\bversion:? (?:nginx\/)?(\d[\w.+~-]*)/.exec(output)?.[1] ?? null;
}
