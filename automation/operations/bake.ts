/** Watches the color that has all traffic until there is a verdict or the bake is over. */

import { slept } from "../../infra/clock.ts";
import type { Clock } from "../../infra/clock.ts";
import type { Settings } from "../../infra/config.ts";
import { formatDuration } from "../../infra/duration.ts";
import type { Baked, Color, RouterReading } from "../../infra/model.ts";
import { otherColor } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Event } from "../event.ts";
import { FormerHistory, trafficSeen } from "../metrics/former-history.ts";
import { MetricPoller } from "../metrics/poller.ts";
import type { MetricSource } from "../metrics/source.ts";
import type { Bake, Beside } from "../ports.ts";
import type { WatchStep } from "../rollout/action.ts";
import type { BakeJudgement, Measures } from "../rollout/metrics-judgement.ts";
import { judgeBake, measureSentences, measuresOf } from "../rollout/metrics-judgement.ts";
import { bakeRules, metricRule } from "../rollout/metrics.ts";
import type { Grounds, Seen } from "../rollout/metrics.ts";
import { countsBehind, shareBehind } from "../rollout/shared-outage.ts";
import type { Failing } from "../rollout/shared-outage.ts";
import { leftToTheBake } from "../rollout/step-metrics.ts";
import { OwnSamples } from "./own-samples.ts";
import type { OwnRequests } from "./own-samples.ts";
import { RouterSilence } from "./router-silence.ts";
import { LastLook } from "./last-look.ts";
import { boundsOf, brokenTarget, noTraffic, ServedSince, trafficLeft } from "./seen-target.ts";
import { StepWatch } from "./step-watch.ts";

export interface BakeOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly read: () => Promise<RouterReading>;
  readonly on: (event: Event) => void;
  /** True while the former color fails our own requests on the same public paths. */
  readonly formerFails: (failing: Failing) => Promise<boolean>;
  /** Whether requests to the public address are answered now. */
  readonly answers: () => Promise<boolean>;
  /** Requests of our own for who has too few users; absent: none. */
  readonly own?: OwnRequests;
  readonly interrupted: () => boolean;
  /** What the settings' metrics are read from; default: nothing. */
  readonly sources?: readonly MetricSource[];
  /** Between two readings of the color that is left, before the switch; default: none. */
  readonly sampleEveryMs?: number | null;
}

interface Watch {
  readonly own: OwnSamples;
  readonly grounds: Grounds;
  readonly measures: Measures;
  readonly sinceMs: number;
  readonly deadlineMs: number;
  readonly served: ServedSince;
  readonly beside: Beside;
  readonly seen: Seen[];
  /** Read by metrics since the last look. */
  fresh: Seen[];
}

export class RouterBake implements Bake {
  private readonly options: BakeOptions;
  private readonly history: FormerHistory;
  private readonly ending: Promise<void>[] = [];
  private steps = 0;

  constructor(options: BakeOptions) {
    const { clock, read, sources = [], sampleEveryMs: everyMs = null } = options;
    this.options = options;
    this.history = new FormerHistory({ clock, read, everyMs, sources });
  }

  /** Remembers what a run sees before the switch: the former color's recent past. */
  begin(view: Observed): void {
    this.history.begin(view);
  }

  /** Resolves when nothing is read any more. */
  async end(): Promise<void> {
    await Promise.all([this.history.end(), ...this.ending]);
  }

  /** @throws ROUTER_DOWN once it is clear that nobody is served: that is no verdict on a release */
  async judge(
    view: Observed,
    color: Color,
    sinceMs: number,
    beside: Beside = nothingBeside(),
  ): Promise<Baked> {
    const { settings, clock, on, sources = [] } = this.options;
    if (settings.bake.durationMs === 0) {
      return { verdict: "pass", sentence: "no bake is asked for" };
    }
    this.ending.push(this.history.end());
    const watch = { ...this.watchOf(view, color, sinceMs), beside };
    on({ kind: "Measured", grounds: watch.grounds });
    for (const sentence of measureSentences(watch.measures)) on({ kind: "Noted", sentence });
    const leftMs = Math.ceil((watch.deadlineMs - clock.now()) / 1_000) * 1_000;
    if (leftMs > 0)
      on({ kind: "Noted", sentence: `watching ${color} for ${formatDuration(leftMs)}` });
    const subject = { color, version: view.colors[color]?.release.version ?? "" };
    const poller = new MetricPoller({
      ...{ sources, subject, clock },
      on: (name, reading) => {
        watch.fresh.push({ atMs: clock.now() - watch.sinceMs, metrics: { [name]: reading } });
      },
    });
    poller.start();
    await watch.own.begin();
    try {
      return await this.watch(watch);
    } finally {
      watch.own.end();
      // Whoever rolls back doesn't wait for a slow source to give up.
      this.ending.push(poller.stop());
    }
  }

  /** A step of a shift: latency and errors beside the former color's. */
  async judgeStep(view: Observed, step: WatchStep): Promise<Baked> {
    const { settings, on, clock, sources = [] } = this.options;
    if (step.step === 1 && settings.bake.durationMs === 0) on({ kind: "Noted", sentence: noBake });
    const sinceMs = Math.min(step.sinceMs, clock.now());
    const grounds = {
      color: step.color,
      bake: { ...bakeRules(settings.bake), durationMs: step.forMs },
      metrics: sources.length === 0 ? [] : settings.metrics.map(metricRule),
      boundsMs: boundsOf(view.reading, step.color),
      former: this.history.of(step.former, sinceMs),
    };
    this.steps += 1;
    const left = this.steps === 1 ? leftToTheBake(grounds.metrics) : null;
    if (left !== null) on({ kind: "Noted", sentence: left });
    const formerNow = () => this.history.of(step.former, clock.now(), sinceMs);
    const watch = new StepWatch(this.options, { ...step, sinceMs }, { grounds, formerNow }, view);
    try {
      return await watch.watch();
    } finally {
      this.ending.push(watch.ended());
    }
  }

  /** Of what it does now, by the rules of the bake; see `LastLook`. */
  async judgeAgain(view: Observed, color: Color, idle: Color): Promise<Baked> {
    const look = new LastLook(this.options, view, { color, idle });
    try {
      return await look.judge();
    } finally {
      this.ending.push(look.ended());
    }
  }

  private async watch(watch: Watch): Promise<Baked> {
    const { clock, read, interrupted } = this.options;
    const { color } = watch.grounds;
    const { ended: besideEnded, stop } = watch.beside;
    const { intervalMs } = this.options.settings.bake;
    const silence = new RouterSilence(`in the bake of ${color}`, this.options);
    let held: Baked | null = null;
    for (;;) {
      if (stop.aborted) return interruptedBake;
      const reading = await watch.own.completed(await read());
      const gone = trafficLeft(reading, color) ?? (interrupted() ? interruptedBake : null);
      if (gone) return gone;
      if (await silence.waited(reading)) {
        const over = clock.now() >= watch.deadlineMs && besideEnded.aborted;
        if (silence.unjudged && over) return silence.unjudged;
        continue;
      }
      const broken = brokenTarget(reading, color);
      if (broken) return this.blame(broken, watch, { share: 1, users: false });
      const judgement = this.look(reading, watch);
      const { verdict, sentence, users } = judgement;
      if (verdict === "fail" && (held === null || users?.over === true)) {
        const failing = { share: shareBehind(judgement, watch.seen), users: users?.over === true };
        held = noBetter(judgement, watch) ?? (await this.blame(sentence, watch, failing));
        if (held.verdict === "fail" || users?.over !== false) return held;
      }
      // What holds it is of our own requests: users may still meet errors of their own.
      const leftMs = watch.deadlineMs - clock.now();
      if (leftMs <= 0 && besideEnded.aborted) return held ?? ended(judgement);
      const restMs = leftMs <= 0 ? intervalMs : Math.min(intervalMs, Math.max(1, leftMs));
      await slept(clock, restMs, leftMs <= 0 ? AbortSignal.any([besideEnded, stop]) : stop);
    }
  }

  private watchOf(view: Observed, color: Color, recordedMs: number): Omit<Watch, "beside"> {
    const { bake, metrics } = this.options.settings;
    // Another machine's clock may be ahead of this one's: that must not make the bake longer.
    const sinceMs = Math.min(recordedMs, this.options.clock.now());
    const stored = view.record.rollout?.baseline?.[color];
    const grounds = {
      color,
      bake: bakeRules(bake),
      metrics: metrics.map(metricRule),
      boundsMs: boundsOf(view.reading, color),
      former: this.formerSeen(view, otherColor(color), sinceMs),
    };
    const measures = measuresOf(grounds);
    const { durationMs } = bake;
    const deadlineMs = sinceMs + durationMs;
    const own = new OwnSamples(this.options, view, { color, alone: true, durationMs });
    const served = new ServedSince(grounds, stored ?? noTraffic);
    return { own, grounds, measures, sinceMs, deadlineMs, served, seen: [], fresh: [] };
  }

  /** What was remembered, and the former color's counters at the switch. */
  private formerSeen(view: Observed, former: Color, sinceMs: number): readonly Seen[] {
    const remembered = this.history.of(former, sinceMs);
    const stored = view.record.rollout?.baseline?.[former];
    if (!stored) return remembered.filter(({ traffic }) => traffic === undefined);
    const { latency } = trafficSeen(view.reading, former);
    const traffic = [stored.requests, stored.errors] as const;
    return [...remembered, { atMs: 0, traffic, ...(latency && { latency }) }];
  }

  private look(reading: RouterReading, watch: Watch): BakeJudgement {
    const { clock, on } = this.options;
    const { grounds, measures, sinceMs } = watch;
    const atMs = clock.now() - sinceMs;
    const served = watch.served.seen(reading);
    const own = { ...watch.own.usersSeen(), ...watch.own.ownSeen() };
    const seen = [...watch.fresh, { atMs, ...served, ...own }];
    watch.fresh = [];
    watch.seen.push(...seen);
    const judged = judgeBake(grounds, watch.seen, { atMs, measures });
    const { verdict, requests, errors } = judged;
    const sentence = watch.own.after(judged, judged.sentence);
    on({ kind: "Judged", verdict, sentence, requests, errors, atMs, seen });
    return { ...judged, sentence };
  }

  /** Where the former color fails as well, the release isn't to blame and a flip wouldn't help. */
  private async blame(
    sentence: string,
    { grounds, measures }: Watch,
    failing: Pick<Failing, "share" | "users">,
  ): Promise<Baked> {
    const { p0 } = measures.errors;
    const { alpha } = grounds.bake;
    if (!(await this.options.formerFails({ ...failing, p0, alpha }))) {
      return { verdict: "fail", sentence } as const;
    }
    const stays = "the former color fails on the same path as well, so traffic stays";
    return { verdict: "inconclusive", sentence: `${sentence}; ${stays}` } as const;
  }
}

const noBake =
  "`bake.duration` is 0s: steps can find errors, but nothing proves the release after its switch";

/** Going back to a color that fails as often would help nobody. */
function noBetter(judgement: BakeJudgement, { measures }: Watch): Baked | null {
  const { hopelessShare } = measures.errors;
  const behind = countsBehind(judgement);
  if (behind === null || hopelessShare === null) return null;
  if (behind.errors / behind.requests > hopelessShare) return null;
  return {
    verdict: "inconclusive",
    sentence: `${judgement.sentence}; the former color did no better, so traffic stays`,
  };
}

function nothingBeside(): Beside {
  return { ended: AbortSignal.abort(), stop: new AbortController().signal };
}

const interruptedBake: Baked = { verdict: "inconclusive", sentence: "the bake was interrupted" };

/** Time alone never passes: no data is inconclusive. */
function ended({ verdict, sentence }: BakeJudgement): Baked {
  return { verdict: verdict === "pass" ? "pass" : "inconclusive", sentence };
}
