/** Runs the demo's commands as a person would: real processes, their output line by line. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { checkoutFolder } from "../engine/folders.ts";
import type { DemoProject } from "./project.ts";

export interface CommandRun {
  /** As typed, for example `bluegreen deploy --version 2`. */
  readonly command: string;
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly ms: number;
  /** The last lines of both outputs, without color codes. */
  readonly output: readonly string[];
}

/** No command of the demo takes nearly that long. */
const limitMs = 120_000;
const keptLines = 200;

export class Shell {
  readonly #project: DemoProject;
  #running: ChildProcess | null = null;

  constructor(project: DemoProject) {
    this.#project = project;
  }

  /** Never rejects because of the command: what it did is the result. */
  async bluegreen(args: string, onLine: (line: string) => void): Promise<CommandRun> {
    const began = performance.now();
    const output: string[] = [];
    const keep = (line: string): void => {
      output.push(stripVTControlCharacters(line));
      if (output.length > keptLines) output.shift();
      onLine(line);
    };
    const child = this.#start(args.split(" "));
    this.#running = child;
    const timer = setTimeout(() => {
      keep(`ended by the demo after ${limitMs / 1000} s`);
      this.kill();
    }, limitMs);
    try {
      const exitCode = await this.#read(child, keep);
      return { command: `bluegreen ${args}`, exitCode, ms: performance.now() - began, output };
    } finally {
      clearTimeout(timer);
      this.#running = null;
    }
  }

  /** Asks the running command to stop after its step. */
  interrupt(): void {
    this.#running?.kill("SIGINT");
  }

  /** Ends the running command with everything that it started in its group. */
  kill(): void {
    const pid = this.#running?.pid;
    if (pid !== undefined && this.#running?.exitCode === null) process.kill(-pid, "SIGKILL");
  }

  /** A group of its own: an interrupt from the terminal reaches it once, from here. */
  #start(args: readonly string[]): ChildProcess {
    const { folder: cwd, env } = this.#project;
    return spawn(join(checkoutFolder, "bin", "bluegreen"), args, {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async #read(child: ChildProcess, keep: (line: string) => void): Promise<number | null> {
    const reading = [child.stdout, child.stderr].map(async (input) => {
      if (input) for await (const line of createInterface({ input })) keep(line);
    });
    const [exit] = await Promise.all([once(child, "exit"), ...reading]);
    return (exit as [number | null])[0];
  }
}
