/** A user's command on this machine: with all that it started it ends when this process does. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

import type { ProcessIdentity } from "../../../process-identity.ts";
import { startOf } from "../../../process-identity.ts";
import { callSignal } from "../../../provider/call-signal.ts";
import type { Ran } from "../host.ts";

const maxOutput = 8_000_000;
/** What is still in the pipes when a program has ended arrives within this time. */
const lingerMs = 300;

export interface LocalRan extends Ran {
  /** The system's word for why it couldn't be started, such as ENOENT; null: it was. */
  readonly unstarted: string | null;
}

export interface LocalOptions {
  readonly cwd: string;
  readonly deadlineMs: number;
  readonly onStart: (command: ProcessIdentity) => void;
  /** Right after it was ended because this process ends; with what it had said. */
  readonly onCut: (said: string) => void;
}

/** Never rejects: not for a program that fails, can't be started or takes too long either. */
export function runLocally(argv: readonly string[], options: LocalOptions): Promise<LocalRan> {
  const { cwd, deadlineMs, onStart, onCut } = options;
  const [program = "", ...words] = argv;
  const { promise, resolve } = Promise.withResolvers<LocalRan>();
  const child = spawn(program, words, { cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  let timedOut = false;
  const cut = (): void => {
    endGroup(child.pid);
    onCut(`${said.stdout}\n${said.stderr}`);
  };
  const watch = child.pid === undefined ? null : endWhenGone(child.pid);
  process.once("exit", cut);
  const left = callSignal();
  left?.addEventListener("abort", cut, { once: true });
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid);
  }, deadlineMs);
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] = (said[name] + text).slice(-maxOutput);
    });
  }
  const end = (code: number | null, unstarted: string | null = null): void => {
    clearTimeout(timer);
    process.off("exit", cut);
    left?.removeEventListener("abort", cut);
    watch?.kill("SIGKILL");
    resolve({ code, ...said, timedOut, unstarted });
  };
  child.once("error", ({ code = "UNKNOWN" }: NodeJS.ErrnoException) => {
    end(null, code);
  });
  child.once("close", (code) => {
    end(code);
  });
  // A daemon that it left behind may hold its pipes open for ever.
  child.once("exit", (code) => {
    setTimeout(() => {
      end(code);
      child.stdout.destroy();
      child.stderr.destroy();
    }, lingerMs).unref();
  });
  const started = child.pid === undefined ? null : startOf(child.pid);
  if (child.pid !== undefined && started !== null) onStart({ pid: child.pid, started });
  return promise;
}

/**
 * A process that is killed runs nothing of its own any more: another one, which hears the end of a
 * pipe, ends the group then.
 */
function endWhenGone(leader: number): ChildProcess {
  const script = 'read -r _; kill -s KILL -- "-$1"';
  const watch = spawn("/bin/sh", ["-c", script, "sh", String(leader)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watch.on("error", () => undefined);
  watch.unref();
  return watch;
}

/** With everything that it started. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // It ended at this very moment.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
