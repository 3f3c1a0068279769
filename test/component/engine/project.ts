/** A Pulumi project in a temporary folder and the real CLI, run as a person would run it. */
import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { chooseBackend } from "../../../automation/engine/backend.ts";
import { engineEnvironment, formatExports } from "../../../automation/engine/environment.ts";
import { checkoutFolder } from "../../../automation/engine/folders.ts";
import { findEngine } from "../../../automation/engine/location.ts";
import type { Engine } from "../../../automation/engine/location.ts";
import { makeScratch } from "./scratch.ts";
import type { Scratch } from "./scratch.ts";

export interface Run {
  readonly code: number;
  readonly stdout: string;
  /** Both outputs. */
  readonly output: string;
}

export interface Project {
  readonly scratch: Scratch;
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly backendUrl: string;
  write(file: string, text: string): Promise<void>;
  /** Runs a shell line in the project's folder after `eval "$(bluegreen env)"`. */
  sh(line: string, env?: Record<string, string>): Promise<Run>;
}

const runLimitMs = 60_000;

/** Null when this machine has no engine: nothing is fetched for a test. */
export async function engineOfThisMachine(): Promise<Engine | null> {
  return await findEngine({ env: process.env, allowFetch: false }).catch(() => null);
}

export async function makeProject(installed: Engine): Promise<Project> {
  const scratch = await makeScratch();
  const folder = scratch.path("project");
  const base = {
    PATH: "/usr/bin:/bin",
    HOME: scratch.path("home"),
    XDG_CACHE_HOME: scratch.path("cache"),
    XDG_STATE_HOME: scratch.path("state"),
    BLUEGREEN_ENGINE: installed.pulumi,
  };
  await mkdir(base.HOME);
  await mkdir(folder);
  await symlink(join(checkoutFolder, "node_modules"), join(folder, "node_modules"));
  const question = { env: base, cwd: folder, platform: "local", ci: false };
  const backend = await chooseBackend({ ...question, application: "test", environment: "dev" });
  const engine = await findEngine({ env: base });
  const exported = engineEnvironment({ engine, backend, nodeBin: process.execPath, base });
  const env = { ...base, ...exported };
  return {
    scratch,
    folder,
    env,
    backendUrl: backend.url ?? "",
    async write(file, text) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    },
    sh: (line, more = {}) =>
      sh(`${formatExports(exported)}${line}`, { cwd: folder, env: { ...base, ...more } }),
  };
}

function sh(script: string, options: { cwd: string; env: Record<string, string> }): Promise<Run> {
  return new Promise((resolve) => {
    const run = { ...options, timeout: runLimitMs, encoding: "utf8" } as const;
    execFile("sh", ["-c", script], run, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, stdout, output: `${stdout}${stderr}` });
    });
  });
}
