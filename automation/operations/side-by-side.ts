/** What both colors have served since a step began, from one reading of the router to the next. */

import type { Color, PerColor, RouterReading, TrafficCount } from "../../infra/model.ts";
import { noCounts, plus } from "../rollout/counts.ts";
import type { Counts } from "../rollout/counts.ts";
import { slowCounts } from "../rollout/latency.ts";
import type { StepReadings } from "../rollout/step-judgement.ts";
import type { BothSeen } from "../rollout/two-colors.ts";

export interface Beginning {
  readonly color: Color;
  readonly former: Color;
  /** What the router had counted when the step began; null: it counts from the first reading. */
  readonly baseline: PerColor<TrafficCount> | null;
  /** A reply that took longer is slow; null: latency isn't judged. */
  readonly overMs: number | null;
  readonly boundsMs: readonly number[] | null;
  /** Replies before this, from the step's beginning, don't count as slow or fast. */
  readonly slowAfterMs: number;
}

export class SideBySide {
  private readonly beginning: Beginning;
  private readonly errors: BothSeen[] = [];
  private readonly slow: BothSeen[] = [];
  private lastErrors: PerColor<Counts> | null;
  private lastSlow: PerColor<Counts> | null = null;

  constructor(beginning: Beginning) {
    const { baseline } = beginning;
    this.beginning = beginning;
    this.lastErrors = baseline && {
      blue: errorsOf(baseline.blue),
      green: errorsOf(baseline.green),
    };
    if (baseline) this.errors.push({ atMs: 0, newColor: noCounts, formerColor: noCounts });
  }

  /** All readings with this one; null where the router doesn't say what it served. */
  add(reading: RouterReading, atMs: number): StepReadings | null {
    const { traffic } = reading;
    if (traffic.kind === "unknown") return null;
    const { blue, green } = traffic.colors;
    const errors = { blue: errorsOf(blue), green: errorsOf(green) };
    this.errors.push(this.grown(this.errors, { before: this.lastErrors, now: errors, atMs }));
    this.lastErrors = errors;
    const slow = this.slowIn(reading, atMs);
    if (slow) this.slow.push(this.grown(this.slow, { before: this.lastSlow, now: slow, atMs }));
    this.lastSlow = slow ?? this.lastSlow;
    return { errors: this.errors, slow: this.slow };
  }

  private slowIn({ traffic }: RouterReading, atMs: number): PerColor<Counts> | null {
    const { overMs, boundsMs, slowAfterMs } = this.beginning;
    if (overMs === null || atMs < slowAfterMs || traffic.kind === "unknown") return null;
    const [blue, green] = [traffic.colors.blue.latency, traffic.colors.green.latency];
    const same = [blue, green].every((each) => String(each?.boundsMs) === String(boundsMs));
    if (!blue || !green || !same) return null;
    return { blue: slowCounts(blue, overMs), green: slowCounts(green, overMs) };
  }

  private grown(
    seen: readonly BothSeen[],
    step: { before: PerColor<Counts> | null; now: PerColor<Counts>; atMs: number },
  ): BothSeen {
    const { color, former } = this.beginning;
    const { newColor, formerColor } = seen.at(-1) ?? { newColor: noCounts, formerColor: noCounts };
    const { before, now, atMs } = step;
    return {
      atMs,
      newColor: plus(newColor, more(before?.[color] ?? now[color], now[color])),
      formerColor: plus(formerColor, more(before?.[former] ?? now[former], now[former])),
    };
  }
}

function errorsOf({ requests, errors }: TrafficCount): Counts {
  return { total: requests, bad: errors };
}

/** A router that restarted counts from zero again. */
function more(before: Counts, now: Counts): Counts {
  const reset = now.total < before.total || now.bad < before.bad;
  const total = reset ? now.total : now.total - before.total;
  return { total, bad: Math.min(total, reset ? now.bad : now.bad - before.bad) };
}
