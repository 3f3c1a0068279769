/** Runs a program on this machine with a deadline; its output is bounded. */

import { spawn } from "node:child_process";

import type { Ran, RunOptions } from "../host.ts";

const maxOutput = 8_000_000;
/** What is still in the pipes when a program has ended arrives within this time. */
const lingerMs = 300;

/**
 * Never throws for a program that fails, isn't there (code 127) or takes too long. It has a process
 * group of its own: what interrupts us interrupts neither it, nor a daemon that it leaves behind.
 */
export function runProgram(argv: readonly string[], options: RunOptions): Promise<Ran> {
  const [program = "", ...words] = argv;
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const { cwd } = options;
  const child = spawn(program, words, { cwd, detached: true, stdio: "pipe" });
  const output = { stdout: "", stderr: "" };
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid);
  }, options.deadlineMs);
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8");
    child[name].on("data", (text: string) => {
      if (output[name].length < maxOutput) output[name] += text;
    });
  }
  const end = (code: number | null, complaint = ""): void => {
    clearTimeout(timer);
    resolve({ code, stdout: output.stdout, stderr: output.stderr + complaint, timedOut });
  };
  child.on("error", (error: NodeJS.ErrnoException) => {
    end(error.code === "ENOENT" || error.code === "EACCES" ? 127 : null, error.message);
  });
  child.on("close", (code) => {
    end(code);
  });
  // A daemon that the program left behind may hold its pipes open for ever.
  child.on("exit", (code) => {
    setTimeout(() => {
      end(code);
      child.stdout.destroy();
      child.stderr.destroy();
    }, lingerMs).unref();
  });
  // A program that ends before it has read everything says why by its exit code.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin ?? "");
  return promise;
}

/** With everything that it started. */
function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // It ended at this very moment.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
