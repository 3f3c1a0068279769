/** Watches two colors that share the traffic, until the new one fails or the step is over. */

import type { Clock } from "../../infra/clock.ts";
import type { Settings } from "../../infra/config.ts";
import type { Baked, RouterReading } from "../../infra/model.ts";
import { formatWeights, sameWeights } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import type { Event } from "../event.ts";
import { weightsTo } from "../rollout/action.ts";
import type { WatchStep } from "../rollout/action.ts";
import { measuresOf } from "../rollout/metrics-judgement.ts";
import type { Grounds } from "../rollout/metrics.ts";
import { judgeStep } from "../rollout/step-judgement.ts";
import type { StepGrounds, StepJudgement } from "../rollout/step-judgement.ts";
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
}

export class StepWatch {
  private readonly options: StepWatchOptions;
  private readonly step: WatchStep;
  private readonly grounds: StepGrounds;
  private readonly counts: SideBySide;

  /** @param known what the former color did before the step, and the rules of the bake */
  constructor(options: StepWatchOptions, step: WatchStep, known: Grounds, view: Observed) {
    const { errors, latency } = measuresOf(known);
    const { alpha, detect } = known.bake;
    const { color, former, steps } = step;
    const slowness = "unjudged" in latency ? null : latency;
    this.options = options;
    this.step = step;
    const { p0, phi } = errors;
    const comparable = step.groups === undefined;
    this.grounds = { color, former, alpha, steps, detect, p0, phi, slowness, comparable };
    this.counts = new SideBySide({
      ...{ color, former },
      baseline: view.record.rollout?.baseline ?? null,
      overMs: slowness?.overMs ?? null,
      boundsMs: boundsOf(view.reading, color),
      slowAfterMs: known.bake.latency.afterMs,
    });
  }

  async watch(): Promise<Baked> {
    const { settings, clock, read, interrupted } = this.options;
    const { sinceMs, forMs, color } = this.step;
    const { intervalMs } = settings.bake;
    const silence = new RouterSilence(`in a step towards ${color}`, this.options);
    for (;;) {
      const reading = await read();
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
      if (judgement.verdict === "fail" || leftMs <= 0) return outcome(judgement);
      await clock.sleep(Math.min(intervalMs, Math.max(1, leftMs)));
    }
  }

  private look(reading: RouterReading): StepJudgement {
    const readings = this.counts.add(reading, this.options.clock.now() - this.step.sinceMs);
    if (readings === null) return uncounted;
    const judgement = judgeStep(this.grounds, readings);
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

const interruptedStep: Baked = { verdict: "inconclusive", sentence: "the step was interrupted" };

const uncounted: StepJudgement = {
  verdict: "inconclusive",
  sentence: "traffic can't be counted now, so the step proves nothing",
  requests: 0,
  errors: 0,
};

function outcome({ verdict, sentence }: StepJudgement): Baked {
  return { verdict, sentence };
}
