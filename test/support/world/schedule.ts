/** Runs simulated processes step by step: who goes on, who is killed, and when time passes. */

import assert from "node:assert";
import { promisify } from "node:util";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { Clock } from "../../../infra/clock.ts";
import type { SimulatedProcess, WorldState } from "./state.ts";

/** How a command ended. */
export type Outcome =
  | { readonly kind: "finished"; readonly sentence: string }
  | { readonly kind: "failed"; readonly error: BlueGreenError };

/** Until all has been done that waits for nothing. */
const turn = promisify(setImmediate);

interface Pause {
  /** Of the part that stands still there. */
  readonly point: string;
  wakeAtMs: number;
  readonly resume: () => void;
}

/** A command under way; between two steps it stands at a named point. */
export interface Task {
  readonly process: SimulatedProcess;
  readonly name: string;
  /** Where its parts stand still, in the order in which they came there; often it is one. */
  pauses: readonly Pause[];
  outcome: Outcome | null;
  bug: unknown;
  settled: PromiseWithResolvers<undefined>;
}

export interface RunOptions {
  /** Ends after so many steps; default: when all are done. */
  readonly steps?: number;
  /** Index of the one that goes on; default: the first. */
  readonly choose?: (runnable: readonly Task[]) => number;
}

/** A command that takes more steps than this doesn't end. */
const maxSteps = 3_000;

/** Time that each step takes. */
const stepMs = 10;

/** Where the part stands still that goes on next: who wakes first, or came there first. */
export function nextPause({ pauses }: Task): Pause | null {
  const wakeAtMs = Math.min(...pauses.map((pause) => pause.wakeAtMs));
  return pauses.find((pause) => pause.wakeAtMs === wakeAtMs) ?? null;
}

export class Schedule {
  readonly #state: WorldState;
  readonly #running = new Map<SimulatedProcess, Task>();
  readonly #afterStep: () => void;

  constructor(state: WorldState, afterStep: () => void) {
    this.#state = state;
    this.#afterStep = afterStep;
  }

  clockOf(process: SimulatedProcess): Clock {
    return {
      now: () => this.#state.nowMs,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        await this.pause(process, `sleeps ${ms} ms`, ms, signal);
        signal?.throwIfAborted();
      },
    };
  }

  /**
   * Stands still at a point until the process is chosen again, `ms` later at the earliest, or as
   * soon as the signal comes.
   */
  pause(process: SimulatedProcess, point: string, ms = 0, signal?: AbortSignal): Promise<void> {
    const task = this.#running.get(process);
    assert(task, `${process.name} isn't running`);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const resume = (): void => {
      resolve(undefined);
    };
    const pause = { point, wakeAtMs: this.#state.nowMs + ms, resume };
    task.pauses = [...task.pauses, pause];
    signal?.addEventListener("abort", () => {
      pause.wakeAtMs = Math.min(pause.wakeAtMs, this.#state.nowMs);
    });
    task.settled.resolve(undefined);
    return promise;
  }

  start(process: SimulatedProcess, name: string, work: () => Promise<string>): Task {
    const settled = Promise.withResolvers<undefined>();
    const task: Task = { process, name, pauses: [], outcome: null, bug: null, settled };
    this.#running.set(process, task);
    void this.#live(task, work);
    return task;
  }

  async #live(task: Task, work: () => Promise<string>): Promise<void> {
    try {
      await this.pause(task.process, `starts ${task.name}`);
      task.outcome = { kind: "finished", sentence: await work() };
    } catch (error) {
      if (error instanceof BlueGreenError) task.outcome = { kind: "failed", error };
      else task.bug = error;
    }
    task.process.alive = false;
    task.settled.resolve(undefined);
  }

  /** Lets the tasks run until all are done or the steps are used up. */
  async run(tasks: readonly Task[], options: RunOptions = {}): Promise<void> {
    const { steps = Infinity, choose = () => 0 } = options;
    for (let step = 0; step < steps; step += 1) {
      assert(step < maxSteps, `no end after ${maxSteps} steps`);
      const open = tasks.filter((task) => task.outcome === null && task.process.alive);
      if (open.length === 0) return;
      const runnable = this.#runnable(open);
      const task = runnable[choose(runnable) % runnable.length];
      assert(task);
      await this.#step(task);
    }
  }

  /** As a power cut would: nothing of it runs any more. */
  kill(process: SimulatedProcess): void {
    process.alive = false;
    this.#state.trace.push(`${process.name} is killed`);
  }

  /** As Ctrl-C would. */
  interrupt(process: SimulatedProcess): void {
    process.interrupted = true;
    this.#state.trace.push(`${process.name} is interrupted`);
  }

  /** Those whose time has come; where all sleep, time goes on to the first that wakes. */
  #runnable(open: readonly Task[]): readonly Task[] {
    const wakeAtMs = Math.min(...open.map((task) => nextPause(task)?.wakeAtMs ?? Infinity));
    this.#state.nowMs = Math.max(this.#state.nowMs, wakeAtMs);
    return open.filter((task) => (nextPause(task)?.wakeAtMs ?? Infinity) <= this.#state.nowMs);
  }

  async #step(task: Task): Promise<void> {
    const pause = nextPause(task);
    assert(pause);
    this.#state.nowMs += stepMs;
    this.#state.trace.push(`${task.process.name}: ${pause.point}`);
    task.settled = Promise.withResolvers<undefined>();
    task.pauses = task.pauses.filter((each) => each !== pause);
    pause.resume();
    // A part may end while another one stands still, or go on as two.
    if (task.pauses.length === 0) await task.settled.promise;
    await turn();
    if (task.bug !== null) throw new Error(this.#state.trace.join("\n"), { cause: task.bug });
    this.#afterStep();
  }
}
