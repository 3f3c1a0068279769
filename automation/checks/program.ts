/** Runs a foreign program with a deadline, in a process group of its own that ends with it. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { killGraceMs } from "../../infra/attempt-times.ts";
import { messageOf } from "../../infra/errors.ts";

export interface Program {
  /** The program and its arguments; no shell reads them. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Characters of output that are kept: the last ones. */
  readonly outputCap: number;
  /** Text for its standard input; default: none, which is empty. */
  readonly input?: string;
  /** Characters that are kept of what it writes to file descriptor 3; default 0: it has none. */
  readonly replyCap?: number;
  readonly signal: AbortSignal;
}

export type Ending =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "stopped"; readonly why: "timeout" | "interrupted" }
  | { readonly kind: "unstartable"; readonly reason: string };

export interface ProgramResult {
  readonly ending: Ending;
  /** Standard output and standard error as they came. */
  readonly output: string;
  /** What it wrote to file descriptor 3, the last characters of it. */
  readonly reply: string;
}

/** For output that is still in the pipes when the program has ended. */
const drainMs = 200;

/** Never rejects. Whatever the program leaves running in its group is ended with it. */
export async function runProgram(program: Program): Promise<ProgramResult> {
  let child: ChildProcess;
  try {
    child = start(program);
  } catch (error) {
    return { ending: { kind: "unstartable", reason: messageOf(error) }, output: "", reply: "" };
  }
  const forget = endWithUs(child);
  const { input, outputCap, replyCap = 0 } = program;
  const output = collect([child.stdout, child.stderr], outputCap);
  const reply = collect([(child.stdio[3] ?? null) as Readable | null], replyCap);
  // One that ends without reading it says so by its exit code.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input ?? "");
  const ending = await endOf(child, program);
  signalGroup(child, "SIGKILL");
  forget();
  await Promise.all([output.drained(drainMs), reply.drained(drainMs)]);
  return { ending, output: output.text(), reply: reply.text() };
}

const running = new Set<ChildProcess>();

/** A process that leaves at once takes its programs along, which have groups of their own. */
function endWithUs(child: ChildProcess): () => void {
  if (running.size === 0) process.on("exit", endRunning);
  running.add(child);
  return () => {
    running.delete(child);
    if (running.size === 0) process.off("exit", endRunning);
  };
}

function endRunning(): void {
  for (const child of running) signalGroup(child, "SIGKILL");
}

function start({ argv, cwd, env, input, replyCap = 0 }: Program): ChildProcess {
  const [file = "", ...args] = argv;
  const stdin = input === undefined ? "ignore" : "pipe";
  const replies = replyCap > 0 ? (["pipe"] as const) : [];
  const stdio = [stdin, "pipe", "pipe", ...replies] as const;
  return spawn(file, args, { cwd, env, detached: true, stdio: [...stdio] });
}

function endOf(child: ChildProcess, { timeoutMs, signal }: Program): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  let stopped: "timeout" | "interrupted" | null = null;
  let killer: NodeJS.Timeout | undefined;
  const stop = (why: "timeout" | "interrupted") => {
    stopped ??= why;
    signalGroup(child, "SIGTERM");
    killer ??= setTimeout(() => {
      signalGroup(child, "SIGKILL");
    }, killGraceMs);
  };
  const interrupt = () => {
    stop("interrupted");
  };
  const timer = setTimeout(stop, timeoutMs, "timeout");
  const end = (ending: Ending) => {
    clearTimeout(timer);
    clearTimeout(killer);
    signal.removeEventListener("abort", interrupt);
    resolve(stopped === null ? ending : { kind: "stopped", why: stopped });
  };
  child.once("error", (error) => {
    end({ kind: "unstartable", reason: messageOf(error) });
  });
  child.once("exit", (code, killedBy) => {
    end(
      code === null ? { kind: "killed", signal: killedBy ?? "unknown" } : { kind: "exited", code },
    );
  });
  if (signal.aborted) interrupt();
  else signal.addEventListener("abort", interrupt, { once: true });
  return promise;
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody is left in the group; macOS says EPERM where only zombies are.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}

function collect(streams: readonly (Readable | null)[], cap: number) {
  let text = "";
  const open = streams.filter((stream) => stream !== null);
  const closed = open.map((stream) => {
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      text = (text + chunk).slice(-cap);
    });
    return new Promise<void>((resolve) => stream.once("close", resolve));
  });
  return {
    text: () => text,
    drained: async (ms: number) => {
      const { promise: late, resolve } = Promise.withResolvers<undefined>();
      const timer = setTimeout(resolve, ms, undefined);
      await Promise.race([Promise.all(closed), late]);
      clearTimeout(timer);
      for (const stream of open) stream.destroy();
    },
  };
}
