/** The thread of the constant-rate probe: sends by schedule, however long answers take. */

import assert from "node:assert/strict";
import { parentPort, workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { previewHeader } from "../../infra/headers.ts";
import type { Color } from "../../infra/model.ts";
import { keepConnection, probe } from "../../infra/probe.ts";
import type { ProbeRequest } from "../../infra/probe.ts";
import { ProbeTally } from "./prober-count.ts";
import type { ProbeCount } from "./prober-count.ts";
import { beatMs, Stalls } from "./prober-stalls.ts";

/** What the thread is started with. */
export interface ProberPlan {
  readonly url: string;
  readonly path: string;
  readonly ratePerSecond: number;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly alsoPreview: Color | null;
  /** Milliseconds after a stop in which pending requests may still be answered. */
  readonly drainMs: number;
}

/** What is sent from now on. */
export interface Course {
  /** Asked for in turn; at least one. */
  readonly paths: readonly string[];
  readonly ratePerSecond: number;
  /** False: only requests with the preview header, where some are sent. */
  readonly sends: boolean;
}

export type ProberOrder =
  | { readonly id: number; readonly kind: "snapshot" | "stop" }
  /** How requests ended counts anew, by those that are sent from now on. */
  | { readonly kind: "mark" }
  | { readonly kind: "steer"; readonly course: Course };

export interface ProberReport {
  /** The order that is answered; null: sent by itself, in case the thread dies. */
  readonly id: number | null;
  readonly count: ProbeCount;
}

const maxPending = 512;
/** After the machine slept, what was missed meanwhile isn't caught up with. */
const maxCatchUp = 50;
const reportEveryMs = 500;
const drainLookMs = 10;

class Schedule {
  private readonly plan: ProberPlan;
  private readonly tally: ProbeTally;
  private readonly kept = keepConnection();
  private readonly keptPreview = keepConnection();
  private course: Course;
  private startMs = nowMs();
  private readonly stalls = new Stalls(this.startMs);
  private slot = 0;
  private pending = 0;
  private previewPending = 0;
  private stoppedMs = Number.POSITIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  constructor(plan: ProberPlan) {
    this.plan = plan;
    this.course = { paths: [plan.path], ratePerSecond: plan.ratePerSecond, sends: true };
    this.tally = new ProbeTally({ startMs: this.startMs });
  }

  steer(course: Course): void {
    if (this.stoppedMs !== Number.POSITIVE_INFINITY) return;
    clearTimeout(this.timer);
    this.course = course;
    if (course.sends) this.tally.wake(nowMs());
    else this.tally.rest(nowMs());
    this.startMs = nowMs();
    this.slot = 0;
    this.tick();
  }

  beat(): void {
    this.stalls.beat(nowMs());
  }

  mark(): void {
    this.tally.mark();
  }

  count(): ProbeCount {
    return this.tally.count(this.countedMs());
  }

  /** Sends what is due, then waits for the next slot. */
  tick(): void {
    const { ratePerSecond, sends } = this.course;
    const intervalMs = 1_000 / ratePerSecond;
    const due = Math.floor((nowMs() - this.startMs) / intervalMs);
    this.slot = Math.max(this.slot, due - maxCatchUp);
    for (; this.slot <= due; this.slot += 1) {
      if (sends) void this.send(this.slot);
      if (this.plan.alsoPreview !== null) void this.sendPreview(this.plan.alsoPreview, this.slot);
    }
    const nextMs = this.startMs + this.slot * intervalMs;
    this.timer = setTimeout(
      () => {
        this.tick();
      },
      Math.max(0, nextMs - nowMs()),
    );
  }

  /** Sends nothing more; resolves when nothing is pending, or after the drain time. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.stoppedMs = nowMs();
    const endMs = this.stoppedMs + this.plan.drainMs;
    while (this.pending + this.previewPending > 0 && nowMs() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, drainLookMs));
    }
  }

  private async send(slot: number): Promise<void> {
    if (this.pending >= maxPending) {
      this.tally.skip();
      return;
    }
    const number = this.tally.send();
    const sentMs = nowMs();
    this.pending += 1;
    const { path, isKept } = this.turn(slot);
    const kept = isKept ? { connection: this.kept } : {};
    const result = await probe({ ...this.request(), path, ...kept });
    this.pending -= 1;
    const stalled = this.stalled(sentMs);
    this.tally.end({ number, path, sentMs, nowMs: this.countedMs(), stalled }, result);
  }

  private async sendPreview(color: Color, slot: number): Promise<void> {
    if (this.previewPending >= maxPending) return;
    this.tally.previewSend();
    const sentMs = nowMs();
    this.previewPending += 1;
    const headers = { ...this.plan.headers, [previewHeader]: color };
    const { path, isKept } = this.turn(slot);
    const kept = isKept ? { connection: this.keptPreview } : {};
    const result = await probe({ ...this.request(), path, headers, ...kept });
    this.previewPending -= 1;
    const stalled = this.stalled(sentMs);
    this.tally.previewEnd({ color, path, nowMs: this.countedMs(), stalled }, result);
  }

  private stalled(sentMs: number): boolean {
    return this.stalls.spoiled(sentMs, nowMs(), this.plan.timeoutMs);
  }

  /** Each path in turn, and each of them on a fresh and on a kept connection by turns. */
  private turn(slot: number): { readonly path: string; readonly isKept: boolean } {
    const { paths } = this.course;
    const path = paths[slot % paths.length] ?? this.plan.path;
    return { path, isKept: Math.floor(slot / paths.length) % 2 === 1 };
  }

  /** Once nothing is sent any more, the time without an answer is no gap. */
  private countedMs(): number {
    return Math.min(nowMs(), this.stoppedMs);
  }

  private request(): ProbeRequest {
    const { url, headers, timeoutMs } = this.plan;
    return { url, headers, timeoutMs };
  }
}

/** Doesn't jump when somebody sets the clock. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function serve(port: MessagePort, schedule: Schedule): void {
  const report = (id: number | null) => {
    port.postMessage({ id, count: schedule.count() } satisfies ProberReport);
  };
  const timer = setInterval(report, reportEveryMs, null);
  setInterval(() => {
    schedule.beat();
  }, beatMs);
  port.on("message", (order: ProberOrder) => {
    if (order.kind === "steer") {
      schedule.steer(order.course);
      return;
    }
    if (order.kind === "mark") {
      schedule.mark();
      return;
    }
    const { id, kind } = order;
    if (kind === "snapshot") {
      report(id);
      return;
    }
    clearInterval(timer);
    void schedule.stop().then(() => {
      report(id);
    });
  });
  schedule.tick();
}

assert(parentPort, "this file runs as a thread of prober.ts");
serve(parentPort, new Schedule(workerData as ProberPlan));
