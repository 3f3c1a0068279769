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

export interface ProberOrder {
  readonly id: number;
  readonly kind: "snapshot" | "stop";
}

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
  private readonly startMs = nowMs();
  private slot = 0;
  private pending = 0;
  private previewPending = 0;
  private stoppedMs = Number.POSITIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  constructor(plan: ProberPlan) {
    this.plan = plan;
    this.tally = new ProbeTally({ path: plan.path, startMs: this.startMs });
  }

  count(): ProbeCount {
    return this.tally.count(this.countedMs());
  }

  /** Sends what is due, then waits for the next slot. */
  tick(): void {
    const intervalMs = 1_000 / this.plan.ratePerSecond;
    const due = Math.floor((nowMs() - this.startMs) / intervalMs);
    this.slot = Math.max(this.slot, due - maxCatchUp);
    for (; this.slot <= due; this.slot += 1) {
      void this.send(this.slot);
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
    const kept = slot % 2 === 0 ? {} : { connection: this.kept };
    const result = await probe({ ...this.request(), ...kept });
    this.pending -= 1;
    this.tally.end({ number, sentMs, nowMs: this.countedMs() }, result);
  }

  private async sendPreview(color: Color, slot: number): Promise<void> {
    if (this.previewPending >= maxPending) return;
    this.tally.previewSend();
    this.previewPending += 1;
    const headers = { ...this.plan.headers, [previewHeader]: color };
    const kept = slot % 2 === 0 ? {} : { connection: this.keptPreview };
    const result = await probe({ ...this.request(), headers, ...kept });
    this.previewPending -= 1;
    this.tally.previewEnd(color, result);
  }

  /** Once nothing is sent any more, the time without an answer is no gap. */
  private countedMs(): number {
    return Math.min(nowMs(), this.stoppedMs);
  }

  private request(): ProbeRequest {
    const { url, path, headers, timeoutMs } = this.plan;
    return { url, path, headers, timeoutMs };
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
  port.on("message", ({ id, kind }: ProberOrder) => {
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
