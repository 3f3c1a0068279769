/** Runs a program on this machine with a deadline; its output is bounded. */

import { spawn } from "node:child_process";

import type { Ran, RunOptions } from "../host.ts";

const maxOutput = 8_000_000;
/** What is still in the pipes when a program has ended arrives within this time. */
const lingerMs = 300;

/** Never throws for a program that fails, isn't there (code 127) or takes too long. */
export function runProgram(argv: readonly string[], options: RunOptions): Promise<Ran> {
  const [program = "", ...words] = argv;
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const { cwd } = options;
  const child = spawn(program, words, { cwd, stdio: ["pipe", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
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
