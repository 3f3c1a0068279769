/** Runs one program with a time limit and leaves none of its processes behind. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, resolve } from "node:path";
import { createInterface } from "node:readline";
import { nonEmpty } from "./folders.ts";
import type { Environment } from "./folders.ts";

export interface CommandOptions {
  readonly env: Environment;
  readonly cwd?: string;
  readonly limitMs: number;
  /** Called with each line of either output. */
  readonly onLine?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CommandResult {
  /** Null when the program couldn't be started or was ended by a signal. */
  readonly code: number | null;
  /** The last lines of both outputs. */
  readonly lines: readonly string[];
  readonly timedOut: boolean;
}

const keptLines = 40;
const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Never throws: a program that can't be started is a result with the reason as its line. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { env, cwd, limitMs, signal } = options;
  const child = spawn(file, args, {
    env,
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = collectLines(child, options.onLine);
  let timedOut = false;
  const stop = (): void => {
    killGroup(child);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, limitMs);
  const forget = stopWithUs(stop);
  signal?.addEventListener("abort", stop);
  if (signal?.aborted === true) stop();
  try {
    const code = await exitCode(child, lines);
    return { code, lines, timedOut };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    forget();
  }
}

function collectLines(child: ChildProcess, onLine: CommandOptions["onLine"]): string[] {
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    if (input === null) continue;
    createInterface({ input }).on("line", (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      onLine?.(line);
    });
  }
  return lines;
}

/** Whatever the program started in the background is ended with it. */
function exitCode(child: ChildProcess, lines: string[]): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      lines.push(error.message);
      resolve(null);
    });
    child.once("exit", () => {
      killGroup(child);
    });
    child.once("close", resolve);
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EPERM is what macOS says of a group of which only a zombie is left.
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}

/** An own process group isn't reached by Ctrl-C, so it is ended when this process ends. */
function stopWithUs(stop: () => void): () => void {
  const onSignal = (name: NodeJS.Signals): void => {
    stop();
    forget();
    if (process.listenerCount(name) === 0) process.kill(process.pid, name);
  };
  const forget = (): void => {
    process.off("exit", stop);
    for (const name of endingSignals) process.off(name, onSignal);
  };
  process.on("exit", stop);
  for (const name of endingSignals) process.on(name, onSignal);
  return forget;
}

/** First executable file of that name on PATH, as an absolute path. */
export async function findOnPath(name: string, env: Environment): Promise<string | null> {
  for (const folder of (nonEmpty(env["PATH"]) ?? "").split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const file = resolve(folder, name);
    if (await isExecutable(file)) return file;
  }
  return null;
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
