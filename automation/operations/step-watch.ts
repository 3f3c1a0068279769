/** Watches two colors that share the traffic, until the new one fails or the step is over. */

import type { Clock } from "../../infra/clock.ts";
import type { Settings } from "../../infra/config.ts";
import type { Baked, RouterReading } from "../../infra/model.ts";
import { formatWeights, sameWeights } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { Event } from "../event.ts";
import { weightsTo } from "../rollout/action.ts";
import { MetricPoller } from "../metrics/poller.ts";
import type { MetricSource } from "../metrics/source.ts";
import type { WatchStep } from "../rollout/action.ts";
import { measuresOf } from "../rollout/metrics-judgement.ts";
import type { Grounds, Seen } from "../rollout/metrics.ts";
import { judgeStep } from "../rollout/step-judgement.ts";
import type { StepGrounds, StepJudgement, StepReadings } from "../rollout/step-judgement.ts";
import { longestTolerateMs } from "../rollout/metrics.ts";
import { silenceIn } from "../rollout/step-metrics.ts";
import type { BothSeen } from "../rollout/two-colors.ts";
import { OwnSamples } from "./own-samples.ts";
import type { OwnRequests } from "./own-samples.ts";
import { RouterSilence } from "./router-silence.ts";
import { SideBySide } from "./side-by-side.ts";
import { boundsOf, brokenTarget } from "./seen-target.ts";

export interface StepWatchOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly read: () => Promise<RouterReading>;
  readonly on: (event: Event) => void;
  readonly answers: () => Promise<boolean>;
  readonly interrupted: () => boolean;
  /** Requests of our own for who has too few users; absent: none. */
  readonly own?: OwnRequests;
  /** What the settings' metrics are read from; default: nothing. */
  readonly sources?: readonly MetricSource[];
}

/** What is known before a step. */
export interface KnownBefore {
  /** Rules of the bake, and what the former color did before the step. */
  readonly grounds: Grounds;
  /** What was read of the former color's metrics until now. */
  readonly formerNow: () => readonly Seen[];
}

export class StepWatch {
  private readonly options: StepWatchOptions;
  private readonly step: WatchStep;
  private readonly grounds: StepGrounds;
  private readonly counts: SideBySide;
  private readonly own: OwnSamples;
  private readonly known: KnownBefore;
  private readonly seen: Seen[] = [];
  private readonly poller: MetricPoller;
  /** Metrics that can tell the colors apart. */
  private readonly perColor: ReadonlySet<string>;
  private ending: Promise<void> = Promise.resolve();
  private held = false;
  private askedFromMs = 0;
  private readonly users: BothSeen[] = [];

  constructor(options: StepWatchOptions, step: WatchStep, before: KnownBefore, view: Observed) {
    const known = before.grounds;
    const { errors, latency } = measuresOf(known);
    const { alpha, detect } = known.bake;
    const { color, former, steps } = step;
    const slowness = "unjudged" in latency ? null : latency;
    this.options = options;
    this.step = step;
    const { p0, phi } = errors;
    const comparable = step.groups === undefined;
    this.grounds = { color, former, alpha, steps, detect, p0, phi, slowness, comparable };
    this.known = before;
    const version = view.colors[color]?.release.version ?? "";
    const { clock, sources = [] } = options;
    const told = sources.filter(({ perColor }) => perColor === true);
    this.perColor = new Set(told.map(({ name }) => name));
    this.poller = new MetricPoller({
      ...{ sources, clock, subject: { color, version } },
      on: (name, reading) => {
        this.seen.push({ atMs: clock.now() - step.sinceMs, metrics: { [name]: reading } });
      },
    });
    const own = isOfCohortsOnly(step) ? undefined : options.own;
    const judged = { color, alone: false, durationMs: step.forMs };
    this.own = new OwnSamples({ ...options, own }, view, judged);
    this.counts = new SideBySide({
      ...{ color, former },
      baseline: view.record.rollout?.baseline ?? null,
      overMs: slowness?.overMs ?? null,
      boundsMs: boundsOf(view.reading, color),
      slowAfterMs: known.bake.latency.afterMs,
    });
  }

  async watch(): Promise<Baked> {
    this.askedFromMs = this.options.clock.now() - this.step.sinceMs;
    this.tellOfCohort();
    this.poller.start();
    await this.own.begin();
    try {
      return await this.looks();
    } finally {
      this.own.end();
      // Whoever rolls back doesn't wait for a slow source to give up.
      this.ending = this.poller.stop();
    }
  }

  /** Our own requests are of no cohort, so the former color would answer all of them. */
  private tellOfCohort(): void {
    const { own, on, settings } = this.options;
    if (!own || !settings.bake.synthetic.enabled || !isOfCohortsOnly(this.step)) return;
    on({ kind: "Noted", sentence: cohortOnly });
  }

  /** Resolves when no source is asked any more. */
  async ended(): Promise<void> {
    await this.ending;
  }

  private async looks(): Promise<Baked> {
    const { settings, clock, read, interrupted } = this.options;
    const { sinceMs, forMs, color } = this.step;
    const { intervalMs } = settings.bake;
    const silence = new RouterSilence(`in a step towards ${color}`, this.options);
    for (;;) {
      const reading = await this.own.completed(await read());
      const ended = this.gone(reading) ?? (interrupted() ? interruptedStep : null);
      if (ended) return ended;
      if (await silence.waited(reading)) {
        if (silence.unjudged && clock.now() >= sinceMs + forMs) return silence.unjudged;
        continue;
      }
      const broken = this.broken(reading);
      if (broken !== null) return { verdict: "fail", sentence: broken };
      const judgement = this.look(reading);
      const leftMs = sinceMs + forMs - clock.now();
      if (judgement.verdict === "fail") return outcome(judgement);
      if (leftMs <= 0 && !this.holds()) return outcome(judgement);
      await clock.sleep(leftMs > 0 ? Math.min(intervalMs, leftMs) : intervalMs);
    }
  }

  /**
   * True while a metric can't be read: then more traffic would follow unseen.
   * @throws METRIC_SILENT once it is silent for longer than is borne, or answers now and then only and
   * the step has been held for as long
   */
  private holds(): boolean {
    const atMs = this.options.clock.now() - this.step.sinceMs;
    const { askedFromMs } = this;
    const { grounds } = this.known;
    const silence = silenceIn({ grounds, seen: this.seen }, { atMs, askedFromMs });
    if (silence === null) return false;
    const { sentence, overdue } = silence;
    const untilMs = Math.max(this.step.forMs, askedFromMs) + longestTolerateMs(grounds.metrics);
    if (overdue || atMs >= untilMs) {
      const hint = "mend the metric's source, or take it out of the settings, then deploy again";
      throw new BlueGreenError("METRIC_SILENT", sentence, { hint });
    }
    if (!this.held) {
      this.options.on({
        kind: "Noted",
        sentence: `${sentence}; the step lasts until there is one`,
      });
    }
    this.held = true;
    return true;
  }

  /**
   * Users' own errors, where requests of ours are among the rest. Ours that nobody answered are of
   * either color, so how they ended is left to the routers' counters here; see `OwnSamples.ownSeen`.
   */
  private alone(): Pick<StepReadings, "users"> {
    const { color, former, sinceMs } = this.step;
    const [newColor, formerColor] = [this.own.usersOf(color), this.own.usersOf(former)];
    if (!newColor || !formerColor) return {};
    this.users.push({ atMs: this.options.clock.now() - sinceMs, newColor, formerColor });
    return { users: this.users };
  }

  private withMetrics(readings: StepReadings): StepReadings {
    const { grounds, formerNow } = this.known;
    if (grounds.metrics.length === 0) return readings;
    const { seen, perColor } = this;
    const metrics = { grounds, seen, former: formerNow(), perColor };
    return { ...readings, metrics };
  }

  private look(reading: RouterReading): Told {
    const readings = this.counts.add(reading, this.options.clock.now() - this.step.sinceMs);
    // Metrics are judged also where the router can't count.
    const counted = this.withMetrics({
      ...(readings ?? { errors: [], slow: [] }),
      ...this.alone(),
    });
    const { needed, ...judged } = judgeStep(this.grounds, counted);
    if (readings === null && judged.verdict !== "fail") return uncounted;
    const sentence = this.own.after({ requests: judged.requests, needed }, judged.sentence);
    const judgement = { ...judged, sentence };
    this.options.on({ kind: "Judged", ...judgement });
    return judgement;
  }

  /** Somebody else has moved traffic: then there is nothing to say of this step. */
  private gone({ weights, settlesInMs }: RouterReading): Baked | null {
    const { sinceMs } = this.step;
    const settling = this.options.clock.now() - sinceMs < settlesInMs;
    if (weights === null || sameWeights(weights, weightsTo(this.step)) || settling) return null;
    const sentence = `traffic was moved meanwhile: ${formatWeights(weights)}`;
    return { verdict: "inconclusive", sentence };
  }

  /** Going back to a color that is as broken would help nobody. */
  private broken(reading: RouterReading): string | null {
    const { color, former } = this.step;
    return brokenTarget(reading, former) === null ? brokenTarget(reading, color) : null;
  }
}

const cohortOnly =
  "no synthetic requests are sent in a step of a cohort: the former color would answer them";

function isOfCohortsOnly({ weight, groups }: WatchStep): boolean {
  return weight === 0 && groups !== undefined;
}

const interruptedStep: Baked = { verdict: "inconclusive", sentence: "the step was interrupted" };

type Told = Omit<StepJudgement, "needed">;

const uncounted: Told = {
  verdict: "inconclusive",
  sentence: "traffic can't be counted now, so the step proves nothing",
  requests: 0,
  errors: 0,
};

function outcome({ verdict, sentence }: Told): Baked {
  return { verdict, sentence };
}
