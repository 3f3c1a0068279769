/** One process of an instance: started here, or found running after a supervisor's death. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync } from "node:fs";

import { messageOf } from "../../../errors.ts";
import { isAlive, startOf } from "../../../process-identity.ts";
import type { ProcessIdentity } from "../../../process-identity.ts";
import { commandOf, environmentOf } from "./color-spec.ts";
import type { ColorSpec, Place } from "./color-spec.ts";
import { openLog } from "./log-files.ts";
import type { GroupIdentity } from "./process-group.ts";
import { markerName } from "./process-table.ts";

/** The command can't be run at all: trying again soon won't help. */
export class CommandProblem extends Error {}

export interface StartOrder {
  readonly spec: ColorSpec;
  readonly place: Place;
  readonly marker: string;
  readonly log: string;
}

/** A process of another parent can only be looked at: that costs more where `ps` is needed. */
const adoptedPollMs = process.platform === "linux" ? 250 : 2000;

export class RunningProcess implements GroupIdentity {
  readonly pid: number;
  readonly started: string;
  readonly marker: string;
  /** True when a former supervisor started it. */
  readonly adopted: boolean;
  /** How it ended, for people; null while it runs. */
  ended: string | null = null;
  /** Called once, when it has ended. */
  onEnd: () => void = () => undefined;
  #poll: NodeJS.Timeout | null = null;
  #lookFails = false;

  private constructor(identity: GroupIdentity, adopted: boolean) {
    this.pid = identity.pid;
    this.started = identity.started;
    this.marker = identity.marker;
    this.adopted = adopted;
  }

  static adopt(identity: ProcessIdentity, marker: string): RunningProcess {
    const running = new RunningProcess({ ...identity, marker }, true);
    running.#poll = setInterval(() => {
      running.#look();
    }, adoptedPollMs);
    return running;
  }

  /** A look that fails says nothing about the process: the next one is in a moment. */
  #look(): void {
    try {
      if (!isAlive(this)) this.#end("ended");
      this.#lookFails = false;
    } catch (error) {
      if (!this.#lookFails) process.stderr.write(`${lookProblem(this.pid, error)}\n`);
      this.#lookFails = true;
    }
  }

  /**
   * Starts the command in a process group of its own, its output going straight to the log, so
   * that it depends on nothing that dies with the supervisor.
   *
   * @throws CommandProblem when there is nothing that could be run.
   */
  static async start(order: StartOrder): Promise<RunningProcess> {
    const child = await startChild(order);
    const pid = child.pid ?? 0;
    // A process that has ended already has no start any more; its exit event is on its way.
    const started = startOf(pid) ?? "ended at once";
    const running = new RunningProcess({ pid, started, marker: order.marker }, false);
    child.once("exit", (code, signal) => {
      running.#end(signal === null ? `ended with exit code ${code ?? 0}` : `ended by ${signal}`);
    });
    return running;
  }

  #end(how: string): void {
    if (this.#poll !== null) clearInterval(this.#poll);
    if (this.ended !== null) return;
    this.ended = how;
    this.onEnd();
  }
}

function lookProblem(pid: number, error: unknown): string {
  return `${new Date().toISOString()} process ${pid} can't be looked at: ${messageOf(error)}`;
}

async function startChild(order: StartOrder): Promise<ChildProcess> {
  const { spec, place, marker } = order;
  const [program = "", ...args] = commandOf(spec, place);
  const env = { ...environmentOf(spec, place, process.env), [markerName]: marker };
  const log = openLog(order.log);
  let failure: unknown;
  try {
    const options = { cwd: spec.releaseDir, env, detached: true } as const;
    const child = spawn(program, args, { ...options, stdio: ["ignore", log, log] });
    if (child.pid !== undefined) return child;
    failure = (await once(child, "error"))[0] as unknown;
  } catch (error) {
    failure = error;
  } finally {
    closeSync(log);
  }
  throw startProblem(failure, program, spec);
}

function startProblem(failure: unknown, program: string, spec: ColorSpec): Error {
  const code = failure instanceof Error && "code" in failure ? String(failure.code) : "unknown";
  const setting = `local.command: "${program}"`;
  if (!existsSync(spec.releaseDir)) {
    const where = `the release's folder ${spec.releaseDir} is missing`;
    return new CommandProblem(`${setting} can't be run, because ${where}`, { cause: failure });
  }
  const sentences: Readonly<Record<string, string>> = {
    ENOENT:
      "wasn't found in the release's folder or on PATH (or the interpreter that its first line " +
      "names is missing)",
    EACCES: "isn't executable",
    ENOTDIR: "isn't a path to a program",
    ENOEXEC: "isn't a program for this machine",
    E2BIG: "has too many arguments or too large an environment",
  };
  const sentence = sentences[code];
  if (sentence !== undefined)
    return new CommandProblem(`${setting} ${sentence}`, { cause: failure });
  return new Error(`${setting} couldn't be started: ${code}`, { cause: failure });
}
