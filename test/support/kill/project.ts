/** A project with the example shop in a temporary folder, its state beside it, and the real CLI. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chooseBackend } from "../../../automation/engine/backend.ts";
import { engineEnvironment } from "../../../automation/engine/environment.ts";
import { checkoutFolder } from "../../../automation/engine/folders.ts";
import { findEngine } from "../../../automation/engine/location.ts";
import type { Engine } from "../../../automation/engine/location.ts";
import { processesOf } from "./processes.ts";

/** Null where this machine has none: nothing is fetched for a test, unless all must be run. */
export async function installedEngine(): Promise<Engine | null> {
  const found = await findEngine({ env: process.env, allowFetch: false }).catch(() => null);
  assert(
    found !== null || process.env["BLUEGREEN_REQUIRE_ALL"] !== "1",
    "BLUEGREEN_REQUIRE_ALL=1, but this machine has no Pulumi engine",
  );
  if (found === null) console.warn("skipped: this machine has no Pulumi engine");
  return found;
}

export interface Run {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Both outputs. */
  readonly output: string;
  readonly ms: number;
}

export interface Driver {
  readonly pid: number;
  readonly ended: Promise<Run>;
  /** What it has printed so far. */
  readonly output: () => string;
}

export interface StartOptions {
  /** For `BLUEGREEN_FAULT`: the driver kills itself there. */
  readonly killAt?: string;
  /** Default: the project's first folder. */
  readonly cwd?: string;
}

export interface Project {
  /** Everything of the project is below; every process of it names this path. */
  readonly root: string;
  readonly folder: string;
  readonly port: number;
  readonly url: string;
  readonly backendUrl: string;
  /** Folder of router and colors. */
  readonly place: string;
  bluegreen(args: readonly string[], options?: StartOptions): Driver;
  /** The plain CLI, as a person would run it after `eval "$(bluegreen env)"`. */
  pulumi(args: readonly string[], cwd?: string): Driver;
  /** Another checkout of the same project, with the settings as they are in the first now. */
  checkOut(name: string): Promise<string>;
  /** Ends every process of the project and removes its files. */
  remove(): Promise<void>;
}

export const application = "killed";
const runLimitMs = 60_000;
const endMs = 5_000;

export interface ProjectOptions {
  /** YAML lines, indented by two spaces, that replace the default ones of the same key. */
  readonly settings?: string;
  /** Seconds that an instance takes to start; default 0. */
  readonly startSeconds?: number;
}

export async function makeProject(
  installed: Engine,
  options: ProjectOptions = {},
): Promise<Project> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "bluegreen-kill-")));
  const folder = join(root, "first");
  const state = join(root, "state");
  const port = await freePort();
  const base = {
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: join(root, "home"),
    TMPDIR: join(root, "tmp"),
    XDG_CACHE_HOME: join(root, "cache"),
    XDG_STATE_HOME: state,
    BLUEGREEN_ENGINE: installed.pulumi,
  };
  await Promise.all([base.HOME, base.TMPDIR, folder].map((dir) => mkdir(dir, { recursive: true })));
  await link(folder);
  await writeFile(join(folder, "Pulumi.dev.yaml"), settingsText(root, port, options));
  const question = { env: base, cwd: folder, platform: "local", ci: false };
  const backend = await chooseBackend({ ...question, application, environment: "dev" });
  const engine = await findEngine({ env: base });
  const exported = engineEnvironment({ engine, backend, nodeBin: process.execPath, base });
  const plain = { ...base, ...exported, PULUMI_OPTION_CONFIG_FILE: "Pulumi.dev.yaml" };
  return {
    root,
    folder,
    port,
    url: `http://127.0.0.1:${port}`,
    backendUrl: backend.url ?? "",
    place: join(state, "bluegreen", application, "environments", "dev"),
    bluegreen: (args, { killAt, cwd = folder } = {}) => {
      const fault = killAt === undefined ? {} : { BLUEGREEN_FAULT: `kill at ${killAt}` };
      const file = join(checkoutFolder, "bin", "bluegreen");
      const write = writes(args) ? ["--write"] : [];
      return start(file, [...args, "--yes", ...write], { cwd, env: { ...base, ...fault } });
    },
    pulumi: (args, cwd = folder) =>
      start(installed.pulumi, [...args, "--non-interactive"], { cwd, env: plain }),
    async checkOut(name) {
      const other = join(root, name);
      await mkdir(other);
      await link(other);
      copyFileSync(join(folder, "Pulumi.dev.yaml"), join(other, "Pulumi.dev.yaml"));
      return other;
    },
    remove: () => remove(root),
  };
}

/** In CI the settings file isn't written by default: these tests are to run the same everywhere. */
function writes([command]: readonly string[]): boolean {
  return command === "deploy" || command === "switch" || command === "rollback";
}

async function link(folder: string): Promise<void> {
  for (const name of ["node_modules", "infra"]) {
    await symlink(join(checkoutFolder, name), join(folder, name));
  }
  copyFileSync(join(checkoutFolder, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
}

function settingsText(root: string, port: number, options: ProjectOptions): string {
  const { settings = "", startSeconds = 0 } = options;
  const serve = ["node", "server.ts"];
  const command =
    startSeconds === 0 ? serve : ["sh", "-c", `sleep ${startSeconds}; exec ${serve.join(" ")}`];
  const lines = [
    "  bluegreen:environment: dev",
    `  bluegreen:application: ${application}`,
    "  bluegreen:activeColor: none",
    "  bluegreen:checks: [{ kind: version, path: /version }]",
    "  bluegreen:probe: { path: /version, timeout: 5s }",
    "  bluegreen:bake: { duration: 900ms, interval: 100ms }",
    "  bluegreen:drain: 60s",
    `  bluegreen:local: { command: ${JSON.stringify(command)}, cwd: ${checkoutFolder}/examples/shop,`,
    `    env: { DATABASE: ${root}/shop.db }, instances: 1, port: ${port} }`,
  ].filter((line) => !settings.includes(`${line.split(": ")[0] ?? ""}:`));
  return `config:\n${lines.join("\n")}\n${settings}`;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function start(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Driver {
  const began = performance.now();
  const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const read = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const timer = setTimeout(() => child.kill("SIGKILL"), runLimitMs);
  const ended = new Promise<Run>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output, ms: Math.round(performance.now() - began) });
    });
  });
  return { pid: child.pid ?? 0, ended, output: () => output };
}

async function remove(root: string): Promise<void> {
  const deadline = Date.now() + endMs;
  for (;;) {
    const left = processesOf(root);
    if (left.length === 0 || Date.now() > deadline) break;
    for (const { pid } of left) end(pid);
    await sleep(50);
  }
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
}

/** It may have ended meanwhile. */
export function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
