/** Watches the color that has all traffic until there is a verdict or the bake is over. */

import type { Clock } from "../../infra/clock.ts";
import type { Settings } from "../../infra/config.ts";
import type { Baked, Color, RouterReading, TrafficCount } from "../../infra/model.ts";
import { otherColor } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Event } from "../event.ts";
import type { Bake } from "../ports.ts";
import { judge } from "../rollout/evidence.ts";
import type { Judgement, Sample } from "../rollout/evidence.ts";
import { yardstick } from "../rollout/yardstick.ts";
import type { Yardstick } from "../rollout/yardstick.ts";

export interface BakeOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly read: () => Promise<RouterReading>;
  readonly on: (event: Event) => void;
  /** True while the former color fails our own probes on the same public path. */
  readonly formerFails: () => Promise<boolean>;
  readonly interrupted: () => boolean;
}

interface Watch extends Yardstick {
  readonly color: Color;
  readonly deadlineMs: number;
  readonly sinceMs: number;
  readonly baseline: TrafficCount;
}

/** Counts of a color since the router started; null where they can't be had. */
export function trafficOf(reading: RouterReading, color: Color): TrafficCount | null {
  return reading.traffic.kind === "counted" ? reading.traffic.colors[color] : null;
}

export class RouterBake implements Bake {
  private readonly options: BakeOptions;
  private first: RouterReading | null = null;

  constructor(options: BakeOptions) {
    this.options = options;
  }

  /** Remembers the counters at the start of a run: the former color's recent history. */
  begin(reading: RouterReading): void {
    this.first ??= reading;
  }

  async judge(view: Observed, color: Color, sinceMs: number): Promise<Baked> {
    const { settings, clock, read, interrupted } = this.options;
    const { bake } = settings;
    if (bake.durationMs === 0) return { verdict: "pass", sentence: "no bake is asked for" };
    const watch = this.watchOf(view, color, sinceMs);
    const samples: Sample[] = [];
    for (;;) {
      const reading = await read();
      const gone = trafficLeft(reading, color) ?? (interrupted() ? interruptedBake : null);
      if (gone) return gone;
      const broken = brokenTarget(reading, color);
      if (broken) return this.blame(broken);
      const judgement = this.look(reading, watch, samples);
      if (judgement?.verdict === "fail") {
        return noBetter(judgement, watch) ?? this.blame(judgement.sentence);
      }
      if (clock.now() >= watch.deadlineMs) return ended(judgement);
      await clock.sleep(Math.min(bake.intervalMs, Math.max(1, watch.deadlineMs - clock.now())));
    }
  }

  private watchOf(view: Observed, color: Color, recordedMs: number): Watch {
    const { bake } = this.options.settings;
    // Another machine's clock may be ahead of this one's: that must not make the bake longer.
    const sinceMs = Math.min(recordedMs, this.options.clock.now());
    const stored = view.record.rollout?.baseline?.[color];
    const counts = trafficOf(view.reading, color);
    const restarted = stored && counts && counts.requests < stored.requests;
    const baseline = stored && !restarted ? stored : nothing;
    const history = this.history(view, otherColor(color));
    const measure = this.announced(yardstick({ history, errorBudget: bake.errorBudget }));
    return { ...measure, color, sinceMs, deadlineMs: sinceMs + bake.durationMs, baseline };
  }

  private announced(yardstick: Yardstick): Yardstick {
    const { source, p0, passP0 } = yardstick;
    const known = source === "history" ? "the former color's own rate" : "the error budget";
    const budget = passP0 < p0 ? ` (${percent(passP0)} by the error budget)` : "";
    const sentence = `judged against ${known}: at most ${percent(p0)} errors${budget}`;
    this.options.on({ kind: "Noted", sentence });
    return yardstick;
  }

  /** What the former color served from the start of this run to the switch. */
  private history(view: Observed, former: Color): { bad: number; total: number } | null {
    const before = this.first && trafficOf(this.first, former);
    const after = view.record.rollout?.baseline?.[former];
    if (!before || !after || after.requests <= before.requests) return null;
    return { bad: after.errors - before.errors, total: after.requests - before.requests };
  }

  private look(reading: RouterReading, watch: Watch, samples: Sample[]): Judgement | null {
    const { settings, clock, on } = this.options;
    const counts = trafficOf(reading, watch.color);
    if (!counts) return null;
    const restarted = counts.requests < watch.baseline.requests;
    const base = restarted ? nothing : watch.baseline;
    const requests = counts.requests - base.requests;
    const errors = Math.max(0, counts.errors - base.errors);
    samples.push({ atMs: clock.now() - watch.sinceMs, requests, errors });
    const { alpha, detect } = settings.bake;
    const { p0, passP0 } = watch;
    const judgement = judge({ samples, p0, passP0, alpha, detect });
    const { verdict, sentence } = judgement;
    on({ kind: "Judged", verdict, sentence, requests, errors });
    return judgement;
  }

  /** Where the former color fails as well, the release isn't to blame and a flip wouldn't help. */
  private async blame(sentence: string): Promise<Baked> {
    if (!(await this.options.formerFails())) return { verdict: "fail", sentence };
    return {
      verdict: "inconclusive",
      sentence: `${sentence}; the former color fails on the same path as well, so traffic stays`,
    };
  }
}

/** A router that restarted counts from zero again. */
const nothing: TrafficCount = { requests: 0, errors: 0 };

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}

/** Going back to a color that fails as often would help nobody. */
function noBetter(judgement: Judgement, { hopelessShare }: Watch): Baked | null {
  const { sentence, errors, requests } = judgement;
  if (hopelessShare === null || errors / requests > hopelessShare) return null;
  return {
    verdict: "inconclusive",
    sentence: `${sentence}; the former color did no better, so traffic stays`,
  };
}

const interruptedBake: Baked = { verdict: "inconclusive", sentence: "the bake was interrupted" };

function trafficLeft(reading: RouterReading, color: Color): Baked | null {
  if (reading.weights === null || reading.weights[color] === 100) return null;
  return { verdict: "inconclusive", sentence: `traffic has left ${color}` };
}

function brokenTarget(reading: RouterReading, color: Color): string | null {
  const target = reading.targets[color];
  const [problem = "no reason known"] = target.problems;
  if (target.crashLoop) return `${color} crashes again and again: ${problem}`;
  const dead = target.reachable && target.total > 0 && target.ready === 0;
  return dead ? `${color} has no ready instance: ${problem}` : null;
}

/** Time alone never passes: no data is inconclusive. */
function ended(judgement: Judgement | null): Baked {
  if (!judgement) {
    return {
      verdict: "inconclusive",
      sentence: "traffic can't be counted here, nothing was judged",
    };
  }
  const { verdict, sentence } = judgement;
  return { verdict: verdict === "pass" ? "pass" : "inconclusive", sentence };
}
