/** Remembers what the color that is left served until the switch: its recent past. */

import { slept } from "../../infra/clock.ts";
import type { Clock } from "../../infra/clock.ts";
import { activeOf, colors, perColor } from "../../infra/model.ts";
import type { Color, PerColor, RouterReading } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Seen } from "../rollout/metrics.ts";
import { MetricPoller } from "./poller.ts";
import type { MetricSource } from "./source.ts";

export interface HistoryOptions {
  readonly clock: Clock;
  readonly read: () => Promise<RouterReading>;
  /** Milliseconds between two readings of our own; null: none, only what is told is remembered. */
  readonly everyMs: number | null;
  readonly sources: readonly MetricSource[];
}

/** Of one color; ten minutes of readings every second. */
const maxKept = 600;

/** Reads by itself from the first observation to the switch, beside whatever is being done. */
export class FormerHistory {
  private readonly options: HistoryOptions;
  private readonly kept: PerColor<Seen[]> = perColor(() => []);
  private readonly ended = new AbortController();
  private poller: MetricPoller | null = null;
  private loop: Promise<void> | null = null;

  constructor(options: HistoryOptions) {
    this.options = options;
  }

  /** Only the first one begins anything; once a bake is under way there is nothing to learn. */
  begin(view: Observed): void {
    this.remember(view.reading);
    const { rollout } = view.record;
    const served = activeOf(view.reading.weights ?? { blue: 0, green: 0 });
    // While they share the traffic, the one that is to be left may have the smaller part.
    const active = rollout?.phase === "shift" ? rollout.former : served;
    if (this.options.everyMs === null || this.loop || this.ended.signal.aborted) return;
    if (active === null || rollout?.phase === "bake") return;
    this.loop = this.sample(this.options.everyMs);
    const { sources, clock } = this.options;
    const subject = { color: active, version: view.colors[active]?.release.version ?? "" };
    this.poller = new MetricPoller({
      ...{ sources, clock, subject },
      on: (name, reading) => {
        this.keep(active, { atMs: clock.now(), metrics: { [name]: reading } });
      },
    });
    this.poller.start();
  }

  /** What a color served until a moment; times then count from that, or from another one. */
  of(color: Color, untilMs: number, fromMs = untilMs): readonly Seen[] {
    return this.kept[color]
      .filter(({ atMs }) => atMs <= untilMs)
      .map((seen) => ({ ...seen, atMs: seen.atMs - fromMs }));
  }

  async end(): Promise<void> {
    this.ended.abort();
    await Promise.all([this.loop, this.poller?.stop()]);
  }

  private async sample(everyMs: number): Promise<void> {
    const { clock, read } = this.options;
    const { signal } = this.ended;
    for (;;) {
      await slept(clock, everyMs, signal);
      if (signal.aborted) return;
      // A router that can't be asked now leaves a gap; whoever needs it will say so.
      const reading = await read().catch(() => null);
      if (reading) this.remember(reading);
    }
  }

  private remember(reading: RouterReading): void {
    const atMs = this.options.clock.now();
    for (const color of colors) {
      const seen = trafficSeen(reading, color);
      if (seen.traffic) this.keep(color, { ...seen, atMs });
    }
  }

  private keep(color: Color, seen: Seen): void {
    const kept = this.kept[color];
    kept.push(seen);
    if (kept.length > maxKept) kept.shift();
  }
}

/** What the router counted of a color so far. */
export function trafficSeen(reading: RouterReading, color: Color): Omit<Seen, "atMs"> {
  if (reading.traffic.kind === "unknown") return { traffic: null };
  const { requests, errors, latency } = reading.traffic.colors[color];
  const traffic = [requests, errors] as const;
  return latency ? { traffic, latency: withoutEmptyEnd(latency.counts) } : { traffic };
}

function withoutEmptyEnd(counts: readonly number[]): readonly number[] {
  return counts.slice(0, counts.findLastIndex((count) => count > 0) + 1);
}
