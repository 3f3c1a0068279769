/** One short look at the active color, before the only way back from it is given up. */

import { formatDuration } from "../../infra/duration.ts";
import type { Baked, Color, RouterReading } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { trafficSeen } from "../metrics/former-history.ts";
import { MetricPoller } from "../metrics/poller.ts";
import { isEnough, lookMs, lookRules, servedBefore } from "../rollout/last-look.ts";
import { bakeRules, metricRule } from "../rollout/metrics.ts";
import type { Grounds, Seen } from "../rollout/metrics.ts";
import type { BakeJudgement, Measures } from "../rollout/metrics-judgement.ts";
import { judgeBake, measuresOf } from "../rollout/metrics-judgement.ts";
import { shareBehind } from "../rollout/shared-outage.ts";
import type { Failing } from "../rollout/shared-outage.ts";
import { OwnSamples } from "./own-samples.ts";
import { RouterSilence } from "./router-silence.ts";
import { boundsOf, brokenTarget, ServedSince, trafficLeft } from "./seen-target.ts";
import type { StepWatchOptions } from "./step-watch.ts";

export interface LastLookOptions extends StepWatchOptions {
  /** True while the idle color fails our own requests on the same public paths. */
  readonly formerFails: (failing: Failing) => Promise<boolean>;
}

/** The color that has all traffic, and the one that is its way back. */
export interface Pair {
  readonly color: Color;
  readonly idle: Color;
}

/**
 * Only what comes while it looks counts, so that neither a long good past hides errors that began
 * late, nor a past outage speaks against a color that is well again.
 */
export class LastLook {
  private readonly options: LastLookOptions;
  private readonly pair: Pair;
  private readonly grounds: Grounds;
  private readonly measures: Measures;
  private readonly own: OwnSamples;
  private readonly poller: MetricPoller;
  private readonly forMs: number;
  private startMs: number;
  private readonly seen: Seen[] = [];
  /** Read by metrics since the last reading of the router. */
  private fresh: Seen[] = [];
  /** Since it was counted first; null: it never was. */
  private served: ServedSince | null = null;
  private ending: Promise<void> = Promise.resolve();

  constructor(options: LastLookOptions, view: Observed, pair: Pair) {
    const { clock, sources = [], settings } = options;
    const { color } = pair;
    this.options = options;
    this.pair = pair;
    this.forMs = lookMs(settings);
    this.startMs = clock.now();
    this.grounds = groundsOf(options, view, { ...pair, forMs: this.forMs, nowMs: this.startMs });
    this.measures = measuresOf(this.grounds);
    const judged = { color, alone: true, previews: false, durationMs: this.forMs };
    this.own = new OwnSamples(options, view, judged);
    this.poller = new MetricPoller({
      ...{ sources, clock, subject: { color, version: view.colors[color]?.release.version ?? "" } },
      on: (name, reading) => {
        this.fresh.push({ atMs: this.elapsedMs(), metrics: { [name]: reading } });
      },
    });
  }

  /** @throws ROUTER_DOWN where nobody is served: then nobody can tell what is needed yet */
  async judge(): Promise<Baked> {
    const { color, idle } = this.pair;
    const within = formatDuration(Math.ceil(this.forMs / 1_000) * 1_000);
    const sentence = `looking at ${color} for at most ${within}, as ${idle} is its way back`;
    this.options.on({ kind: "Noted", sentence });
    await this.own.begin();
    // A thread that starts on a busy machine takes its time, in which nothing was looked at.
    this.startMs = this.options.clock.now();
    this.poller.start();
    try {
      return await this.looks();
    } finally {
      this.own.end();
      this.ending = this.poller.stop();
    }
  }

  /** Resolves when no source is asked any more. */
  async ended(): Promise<void> {
    await this.ending;
  }

  private async looks(): Promise<Baked> {
    const { settings, clock, read, interrupted } = this.options;
    const { color } = this.pair;
    const silence = new RouterSilence(`in a last look at ${color}`, this.options);
    for (;;) {
      const reading = await this.own.completed(await read());
      const gone = trafficLeft(reading, color) ?? (interrupted() ? interruptedLook : null);
      if (gone) return gone;
      const leftMs = this.forMs - this.elapsedMs();
      if (await silence.waited(reading)) {
        if (silence.unjudged && leftMs <= 0) return silence.unjudged;
        continue;
      }
      const broken = brokenTarget(reading, color);
      if (broken) return await this.failing(broken, { share: 1, users: false });
      const judgement = this.look(reading);
      const { verdict, sentence, users } = judgement;
      if (verdict === "fail") {
        const share = shareBehind(judgement, this.seen);
        return await this.failing(sentence, { share, users: users?.over === true });
      }
      if (leftMs <= 0 || this.isEnough(judgement)) return { verdict, sentence };
      await clock.sleep(Math.min(settings.bake.intervalMs, leftMs));
    }
  }

  private look(reading: RouterReading): BakeJudgement {
    const { grounds, measures } = this;
    const atMs = this.elapsedMs();
    const { traffic } = trafficSeen(reading, grounds.color);
    if (traffic) {
      this.served ??= new ServedSince(grounds, { requests: traffic[0], errors: traffic[1] });
    }
    const served = this.served?.seen(reading) ?? { traffic: null };
    const own = { ...this.own.usersSeen(), ...this.own.ownSeen() };
    this.seen.push(...this.fresh, { atMs, ...served, ...own });
    this.fresh = [];
    const judged = judgeBake(grounds, this.seen, { atMs, measures });
    const { verdict, requests, errors } = judged;
    const sentence = this.own.after(judged, judged.sentence);
    this.options.on({ kind: "Judged", verdict, sentence, requests, errors });
    return { ...judged, sentence };
  }

  private isEnough({ verdict, errors, requests }: BakeJudgement): boolean {
    const users = this.own.usersOf(this.pair.color)?.total ?? requests;
    const answered = this.own.answered();
    const looked = { verdict, errors, users, answered, elapsedMs: this.elapsedMs() };
    return isEnough(looked, this.options.settings);
  }

  /** Nothing moves here, so an outage that both share is no reason to give up what may come back first. */
  private async failing(sentence: string, late: Pick<Failing, "share" | "users">): Promise<Baked> {
    const { p0 } = this.measures.errors;
    const { alpha } = this.grounds.bake;
    const both = await this.options.formerFails({ ...late, p0, alpha });
    const as = both ? `; ${this.pair.idle} fails on the same path as well` : "";
    return { verdict: "fail", sentence: `${sentence}${as}` };
  }

  private elapsedMs(): number {
    return this.options.clock.now() - this.startMs;
  }
}

const interruptedLook: Baked = { verdict: "inconclusive", sentence: "the look was interrupted" };

/**
 * The rules of the bake against what the idle color had served until it was left, since the router
 * began to count: of its last minutes alone nothing is known any more.
 */
function groundsOf(
  { settings }: LastLookOptions,
  { record, reading }: Observed,
  { color, idle, forMs, nowMs }: Pair & { readonly forMs: number; readonly nowMs: number },
): Grounds {
  const { rollout, switchedAt } = record;
  const sinceSwitchMs = switchedAt === null ? Infinity : nowMs - Date.parse(switchedAt);
  const bakes = { bake: bakeRules(settings.bake), metrics: settings.metrics.map(metricRule) };
  const stored = rollout?.color === color ? rollout.baseline?.[idle] : undefined;
  const { latency } = trafficSeen(reading, idle);
  const traffic = stored && ([stored.requests, stored.errors] as const);
  return {
    color,
    ...lookRules(bakes, { forMs, sinceSwitchMs }),
    boundsMs: boundsOf(reading, color),
    former: servedBefore({ ...(traffic && { traffic }), ...(latency && { latency }) }),
  };
}
