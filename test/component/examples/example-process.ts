/** Runs an example application as a platform would: a process of its own on a free port. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

const startMs = 10_000;
const stopMs = 15_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ExampleProcess {
  readonly url: string;
  readonly process: ChildProcess;
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

interface ExampleSpec {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();

/** Resolves with what the process was like when it ended; its output is part of a late start's error. */
export function launch({ command: [file, ...args], cwd, env }: ExampleSpec): {
  child: ChildProcess;
  exit: Promise<Exit>;
  output: () => string;
} {
  const inherited = { PATH: process.env["PATH"] ?? "", PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(file, args, {
    cwd,
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  running.add(child);
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  return { child, exit, output: () => output };
}

/** Resolves when the application says where it listens. */
export async function startExample(spec: ExampleSpec): Promise<ExampleProcess> {
  const { child, exit, output } = launch(spec);
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (): void => {
      reject(new Error(`the example didn't start: ${output()}`));
    };
    const timer = setTimeout(fail, startMs);
    child.stdout?.on("data", () => {
      const found = /listens on (\S+)\n/.exec(output())?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
    void exit.then(() => {
      clearTimeout(timer);
      fail();
    }, reject);
  });
  return { url, process: child, stop: (signal = "SIGTERM") => stop(child, exit, signal) };
}

export function killExamples(): void {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
}

async function stop(child: ChildProcess, exit: Promise<Exit>, signal: NodeJS.Signals) {
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
  try {
    return await exit;
  } finally {
    clearTimeout(timer);
  }
}
