/** Keeps one instance of a color running and healthy, until it isn't wanted any more. */

import { randomBytes } from "node:crypto";

import { BlueGreenError, messageOf } from "../../../errors.ts";
import { Backoff } from "./backoff.ts";
import { instanceLog } from "./color-folder.ts";
import type { ColorFolder } from "./color-folder.ts";
import { defaultLogBounds, releaseKey } from "./color-spec.ts";
import type { ColorSpec, Place } from "./color-spec.ts";
import type { InstanceState, InstanceStatus } from "./color-status.ts";
import { checkHealth } from "./health.ts";
import type { HealthAnswer } from "./health.ts";
import type { InstanceLedger, LedgerEntry } from "./instance-ledger.ts";
import { rotate } from "./log-files.ts";
import { fixedPort, freePort, needPort } from "./ports.ts";
import { endGroup, endLeftovers, killNewGroup } from "./process-group.ts";
import { CommandProblem, RunningProcess } from "./running-process.ts";
import { pause } from "./waiting.ts";

export interface InstanceSurroundings {
  readonly folder: ColorFolder;
  readonly ledger: InstanceLedger;
  /** Ports of all instances of the color. */
  readonly usedPorts: () => ReadonlySet<number>;
}

/** Pause between two checks of an instance that was never healthy. */
const eagerIntervalMs = 100;
/** So many failed checks in a row make a ready instance unready; Kubernetes' default too. */
const missesAllowed = 3;

export class Instance {
  readonly index: number;
  readonly #around: InstanceSurroundings;
  readonly #backoff = new Backoff();
  #spec: ColorSpec;
  #process: RunningProcess | null;
  /** Release of the process, or of the last one. */
  #release: string | null;
  #port: number;
  #state: InstanceState = "starting";
  #problem: string | null = null;
  #restarts = 0;
  #misses = 0;
  /** False from the moment when it shall end for good. */
  #wanted = true;
  #drainMs: number | null = null;
  #interrupt = new AbortController();

  constructor(
    around: InstanceSurroundings,
    spec: ColorSpec,
    entry: LedgerEntry,
    adopted: RunningProcess | null,
  ) {
    this.index = entry.index;
    this.#around = around;
    this.#spec = spec;
    this.#port = entry.port;
    this.#release = entry.release;
    this.#process = adopted;
    if (adopted !== null) this.#watch(adopted);
  }

  get port(): number {
    return this.#port;
  }

  get isWanted(): boolean {
    return this.#wanted;
  }

  get isCrashLoop(): boolean {
    return this.#backoff.isCrashLoop;
  }

  /** False for a process found running that hasn't been asked yet how it is. */
  get isJudged(): boolean {
    return this.#process?.adopted !== true || this.#state !== "starting";
  }

  get status(): InstanceStatus {
    return {
      index: this.index,
      address: `${this.#spec.host}:${this.#port}`,
      pid: this.#process?.pid ?? null,
      state: this.#state,
      restarts: this.#restarts,
      problem: this.#state === "ready" ? null : this.#problem,
    };
  }

  /** Gives new orders; the status says at once when the process is to be replaced. */
  update(spec: ColorSpec): void {
    const isOther = releaseKey(spec) !== releaseKey(this.#spec);
    this.#spec = spec;
    this.#wanted = true;
    this.#drainMs = null;
    if (this.#isOutdated()) this.#state = "stopping";
    else if (this.#state === "stopping") this.#state = "starting";
    if (isOther || this.isCrashLoop) this.#backoff.forgive();
    this.#interrupt.abort();
  }

  /** Shall end for good, within `drainMs` (the spec's by default). */
  retire(drainMs?: number): void {
    this.#wanted = false;
    this.#drainMs = drainMs ?? null;
    this.#state = "stopping";
    this.#interrupt.abort();
  }

  /** Works until the instance was retired and has ended; then calls `onGone` and returns. */
  async run(onGone: () => void): Promise<void> {
    for (;;) {
      this.#interrupt = new AbortController();
      try {
        if (this.#wanted) await this.#step();
        else if (await this.#leave()) break;
      } catch (error) {
        this.#failed(messageOf(error), isHopeless(error));
        await pause(eagerIntervalMs, this.#interrupt.signal);
      }
    }
    onGone();
  }

  async #step(): Promise<void> {
    const running = this.#process;
    if (running === null) await this.#start();
    else if (this.#isOutdated()) await this.#replace();
    else if (running.ended !== null) await this.#bury(running, running.ended);
    else await this.#observe(running);
  }

  #isOutdated(): boolean {
    return this.#process !== null && this.#release !== releaseKey(this.#spec);
  }

  async #start(): Promise<void> {
    if (this.#backoff.pauseMs > 0) {
      await pause(this.#backoff.pauseMs, this.#interrupt.signal);
      return;
    }
    const { folder, ledger, usedPorts } = this.#around;
    const spec = this.#spec;
    const release = releaseKey(spec);
    this.#state = "starting";
    this.#misses = 0;
    this.#port = await portFor(spec, { index: this.index, port: this.#port }, usedPorts());
    if (release !== this.#release) this.#beginRelease(release);
    const { index } = this;
    const place = { index, port: this.#port };
    const marker = `${folder.id}/${index}/${randomBytes(6).toString("hex")}`;
    await ledger.record({ ...place, release, marker, process: null });
    const log = instanceLog(folder, index);
    const started = await RunningProcess.start({ spec, place, marker, log });
    this.#process = started;
    this.#watch(started);
    await this.#recordStart(started, release);
  }

  /** A process that isn't on record could never be found again. */
  async #recordStart(running: RunningProcess, release: string): Promise<void> {
    const { pid, started, marker } = running;
    const { index, port } = this;
    try {
      await this.#around.ledger.record({ index, port, release, marker, process: { pid, started } });
    } catch (error) {
      killNewGroup(pid);
      throw error;
    }
  }

  /** The log of a release doesn't begin with lines of the one before. */
  #beginRelease(release: string): void {
    this.#release = release;
    this.#restarts = 0;
    rotate(instanceLog(this.#around.folder, this.index), this.#spec.logs ?? defaultLogBounds);
  }

  #watch(running: RunningProcess): void {
    running.onEnd = () => {
      this.#interrupt.abort();
    };
  }

  async #observe(running: RunningProcess): Promise<void> {
    const { host, health } = this.#spec;
    const signal = this.#interrupt.signal;
    const answer = await checkHealth({ host, port: this.#port, health }, signal);
    if (signal.aborted) return;
    this.#judge(answer, running.adopted);
    const eager = this.#state === "starting";
    await pause(eager ? Math.min(eagerIntervalMs, health.intervalMs) : health.intervalMs, signal);
  }

  #judge(answer: HealthAnswer, adopted: boolean): void {
    if (answer.healthy) {
      this.#misses = 0;
      this.#state = "ready";
      this.#backoff.healthy(this.#spec.startMs);
      return;
    }
    this.#misses += 1;
    this.#problem = answer.seen;
    this.#backoff.unhealthy();
    const wasReady = this.#state === "ready" || adopted;
    if (wasReady && this.#misses >= missesAllowed) this.#state = "unready";
  }

  async #bury(running: RunningProcess, how: string): Promise<void> {
    this.#state = "backoff";
    await endLeftovers(running);
    await this.#clear();
    this.#restarts += 1;
    this.#failed(how, false);
  }

  #failed(problem: string, hopeless: boolean): void {
    this.#problem = problem;
    if (!this.#wanted || this.#process !== null) return;
    this.#state = "backoff";
    this.#backoff.ended(hopeless);
    const line = `instance ${this.index} of ${this.#spec.version}: ${problem}; next start in`;
    process.stderr.write(`${line} ${Math.round(this.#backoff.pauseMs)} ms\n`);
  }

  async #replace(): Promise<void> {
    this.#state = "stopping";
    await this.#end();
    this.#backoff.forgive();
    if (this.#wanted) this.#state = "starting";
  }

  /** True when it has gone for good; false when it became wanted again meanwhile. */
  async #leave(): Promise<boolean> {
    await this.#end();
    if (this.#wanted) return false;
    await this.#around.ledger.forget(this.index);
    return true;
  }

  async #end(): Promise<void> {
    const running = this.#process;
    if (running === null) return;
    await endGroup(running, this.#drainMs ?? this.#spec.drainMs);
    await this.#clear();
  }

  async #clear(): Promise<void> {
    this.#process = null;
    const entry = { index: this.index, port: this.#port, release: this.#release };
    await this.#around.ledger.record({ ...entry, marker: null, process: null });
  }
}

/** A fixed port, or the former one, or any other. */
async function portFor(spec: ColorSpec, place: Place, used: ReadonlySet<number>): Promise<number> {
  const fixed = fixedPort(spec, place.index);
  if (fixed === null) return await freePort(spec.host, place.port, used);
  await needPort(spec.host, fixed, spec.ports?.setting ?? "port");
  return fixed;
}

/** No further try will help before somebody changes something. */
function isHopeless(error: unknown): boolean {
  if (error instanceof CommandProblem) return true;
  return error instanceof BlueGreenError && error.code === "PORT_IN_USE";
}
