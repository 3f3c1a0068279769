/** The engine as a process out of reach of a terminal's signals, which ends with this process. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

export interface EngineProcess {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  /** Beside this process's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Interrupts it when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; without it, the engine takes as long as it takes. */
  readonly limitMs?: number;
  /** Called with what it says, as it comes. */
  readonly onStdout?: ((text: string) => void) | undefined;
  readonly onStderr?: ((text: string) => void) | undefined;
}

export interface EngineEnd {
  /** Null: it ended well; else the sentence that says how it didn't. */
  readonly problem: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A call is short: an eighth of its processor time would go into collecting garbage (measured). */
const shortLived = { GOGC: "400" };
/** Between the two interrupts that make an engine leave at once, so that it sees both. */
const betweenMs = 50;

/**
 * Runs it to its end; never rejects. In a session of its own, a Ctrl-C at the terminal reaches only
 * the driver, which lets the step end. Where the driver leaves before, the engine is interrupted.
 */
export async function runEngine(call: EngineProcess): Promise<EngineEnd> {
  const { file, args, cwd, env, signal } = call;
  const child = spawn(file, args, {
    cwd,
    env: { ...shortLived, ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.stdout += text;
    call.onStdout?.(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.stderr += text;
    call.onStderr?.(text);
  });
  const interrupt = (): void => {
    child.kill("SIGINT");
  };
  const leave = (): void => {
    endAtOnce(child);
  };
  signal?.addEventListener("abort", interrupt, { once: true });
  process.on("exit", leave);
  try {
    if (signal?.aborted === true) interrupt();
    const problem = await ended(child, call.limitMs);
    return { problem, ...said };
  } finally {
    process.off("exit", leave);
    signal?.removeEventListener("abort", interrupt);
  }
}

/** Null where it ended well. */
function ended(child: ChildProcess, limitMs: number | undefined): Promise<string | null> {
  const state = { late: false };
  const stop = (): void => {
    state.late = true;
    child.kill("SIGTERM");
  };
  const timer = limitMs === undefined ? undefined : setTimeout(stop, limitMs);
  return new Promise<string | null>((resolve) => {
    child.once("error", (error) => {
      resolve(`Pulumi can't be started: ${error.message}`);
    });
    child.once("close", (code, signal) => {
      if (state.late) resolve(`Pulumi gave no answer within ${String(limitMs)} ms`);
      else if (code === 0) resolve(null);
      else
        resolve(code === null ? `Pulumi was killed with ${String(signal)}` : `exit code ${code}`);
    });
  }).finally(() => {
    clearTimeout(timer);
  });
}

/** As a terminal's second Ctrl-C would: the first one lets an engine end its work, however long. */
function endAtOnce(child: ChildProcess): void {
  child.kill("SIGINT");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, betweenMs);
  child.kill("SIGINT");
}
