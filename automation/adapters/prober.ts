/**
 * A constant low-rate probe through the public address, in a thread of its own: neither a busy
 * event loop nor the engine's process-wide handlers disturb it.
 */

import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { messageOf } from "../../infra/errors.ts";
import type { Color } from "../../infra/model.ts";
import { ProbeTally } from "./prober-count.ts";
import type { ProbeCount } from "./prober-count.ts";
import type { Course, ProberOrder, ProberPlan, ProberReport } from "./prober-worker.ts";

export type { PathCount, ProbeCount, ProbeFailure, ProbeRun } from "./prober-count.ts";
export type { Course } from "./prober-worker.ts";

export interface ProberOptions {
  /** Public address of the router. */
  readonly url: string;
  readonly path: string;
  /** Requests per second, above 0; every second one goes over a kept connection. */
  readonly ratePerSecond: number;
  /** Milliseconds after which a request has failed. */
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** As many requests again with the preview header for this color, counted apart. */
  readonly alsoPreview?: Color;
}

export interface Prober {
  /** What was counted so far; the first one resolves when probing has begun. */
  snapshot(): Promise<ProbeCount>;
  /** Other paths, another rate, or a rest, from now on; the count goes on. */
  steer(course: Course): void;
  /** How requests ended, `own` and `recent`, counts anew, by those that are sent from now on. */
  mark(): void;
  /** Ends probing; pending requests get up to 2 s, or their timeout. Later calls give the same count. */
  stop(): Promise<ProbeCount>;
}

const minDrainMs = 2_000;
/** A request that was sent last gets its whole timeout. */
const timeoutSlackMs = 250;
/** For the thread to start, or to answer while the machine is busy. */
const answerMs = 5_000;

/** Probing doesn't keep the process alive; neither call rejects, also when the thread dies. */
export function startProber(options: ProberOptions): Prober {
  const rate = options.ratePerSecond;
  assert(rate > 0 && Number.isFinite(rate), "a probe needs a rate above 0");
  const { url, path, ratePerSecond, timeoutMs, headers = {}, alsoPreview = null } = options;
  const drainMs = Math.max(minDrainMs, timeoutMs + timeoutSlackMs);
  const plan = { url, path, ratePerSecond, timeoutMs, headers, alsoPreview, drainMs };
  return new ThreadProber(plan);
}

class ThreadProber implements Prober {
  private readonly worker: Worker;
  private readonly drainMs: number;
  private readonly waiting = new Map<number, (count: ProbeCount) => void>();
  private latest: ProbeCount;
  private alive = true;
  private lastId = 0;
  private stopped: Promise<ProbeCount> | null = null;

  constructor(plan: ProberPlan) {
    this.drainMs = plan.drainMs;
    const startMs = Date.now();
    this.latest = new ProbeTally({ startMs }).count(startMs);
    this.worker = new Worker(new URL("./prober-worker.ts", import.meta.url), {
      name: "bluegreen-prober",
      workerData: plan,
      execArgv: [],
    });
    this.worker.on("message", ({ id, count }: ProberReport) => {
      this.latest = count;
      if (id !== null) this.waiting.get(id)?.(count);
    });
    this.worker.on("error", (error) => {
      this.end(`the prober's thread failed: ${messageOf(error)}`);
    });
    this.worker.on("exit", (code) => {
      this.end(`the prober's thread ended with ${code}`);
    });
    this.worker.unref();
  }

  snapshot(): Promise<ProbeCount> {
    return this.stopped ?? this.ask("snapshot", answerMs);
  }

  steer(course: Course): void {
    const rate = course.ratePerSecond;
    assert(rate > 0 && Number.isFinite(rate), "a probe needs a rate above 0");
    this.order({ kind: "steer", course });
  }

  mark(): void {
    this.order({ kind: "mark" });
  }

  stop(): Promise<ProbeCount> {
    this.stopped ??= this.finish();
    return this.stopped;
  }

  private order(order: ProberOrder): void {
    if (this.alive && !this.stopped) this.worker.postMessage(order);
  }

  private async finish(): Promise<ProbeCount> {
    const count = await this.ask("stop", this.drainMs + answerMs);
    this.alive = false;
    await this.worker.terminate();
    return count;
  }

  private ask(kind: "snapshot" | "stop", withinMs: number): Promise<ProbeCount> {
    if (!this.alive) return Promise.resolve(this.latest);
    const { promise, resolve } = Promise.withResolvers<ProbeCount>();
    this.lastId += 1;
    const id = this.lastId;
    // This timer keeps the process alive while somebody waits; the thread itself doesn't.
    const timer = setTimeout(() => {
      settle({ ...this.latest, broken: `the prober's thread didn't answer in ${withinMs} ms` });
    }, withinMs);
    const settle = (count: ProbeCount) => {
      clearTimeout(timer);
      this.waiting.delete(id);
      resolve(count);
    };
    this.waiting.set(id, settle);
    this.worker.postMessage({ id, kind } satisfies ProberOrder);
    return promise;
  }

  /** The thread is gone: whoever waits gets what it had counted last. */
  private end(reason: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.latest = { ...this.latest, broken: reason };
    for (const settle of [...this.waiting.values()]) settle(this.latest);
  }
}
