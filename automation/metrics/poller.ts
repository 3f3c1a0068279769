/** Asks each metric's source about one color again and again, each at its own pace. */

import { slept } from "../../infra/clock.ts";
import type { Clock } from "../../infra/clock.ts";
import type { MetricReading } from "../rollout/metrics.ts";
import type { MetricSource, Subject } from "./source.ts";

export interface Polled {
  readonly sources: readonly MetricSource[];
  readonly subject: Subject;
  readonly clock: Clock;
  readonly on: (name: string, reading: MetricReading) => void;
}

/** A slow source holds up nobody but itself. */
export class MetricPoller {
  private readonly polled: Polled;
  private readonly ended = new AbortController();
  private loops: readonly Promise<void>[] = [];

  constructor(polled: Polled) {
    this.polled = polled;
  }

  start(): void {
    this.loops = this.polled.sources.map((source) => this.poll(source));
  }

  /** Resolves when nobody is asked any more; what comes later isn't told. */
  async stop(): Promise<void> {
    this.ended.abort();
    await Promise.all(this.loops);
  }

  private async poll(source: MetricSource): Promise<void> {
    const { subject, clock, on } = this.polled;
    const { signal } = this.ended;
    const over = (): boolean => signal.aborted;
    while (!over()) {
      const reading = await source.ask(subject, signal);
      if (over()) return;
      on(source.name, reading);
      await slept(clock, source.intervalMs, signal);
    }
  }
}
