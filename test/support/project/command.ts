/** Runs commands of the project and keeps what they said; each can be signalled by its id. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

export interface Run {
  /** Exit code; 128 and the signal's number where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, stdout first. */
  readonly output: string;
}

/** A command that is under way. */
export interface Running {
  readonly pid: number;
  readonly done: Promise<Run>;
  /** What it has said so far on both outputs. */
  readonly said: () => string;
  /** To this process alone. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** SIGINT to it and all it started in its group, as a terminal sends it. */
  readonly ctrlC: () => void;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default 60,000. It is killed then, and the run has code 137. */
  readonly limitMs?: number;
}

const signalNumbers: Readonly<Record<string, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** A process group of its own, as a terminal makes it. */
export function start({ file, args, cwd, env, limitMs = 60_000 }: Command): Running {
  const child = spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text.stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text.stderr += chunk));
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const done = ended(child).then((code) => {
    clearTimeout(timer);
    return { code, ...text, output: `${text.stdout}${text.stderr}` };
  });
  return {
    pid: child.pid ?? 0,
    done,
    said: () => `${text.stdout}${text.stderr}`,
    signal: (signal) => {
      child.kill(signal);
    },
    ctrlC: () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGINT");
    },
  };
}

/** A process left behind may hold the outputs open: they are waited for only a moment. */
function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const exit = code ?? 128 + (signalNumbers[signal ?? ""] ?? 0);
      const settle = (): void => {
        resolve(exit);
      };
      child.once("close", settle);
      setTimeout(settle, 1_000).unref();
    });
  });
}
