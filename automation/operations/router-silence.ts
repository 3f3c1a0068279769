/**
 * Tells a router that is only being restarted from one that doesn't answer any more, and either from
 * one that serves while its host can't be reached.
 */

import type { Clock } from "../../infra/clock.ts";
import type { Settings } from "../../infra/config.ts";
import { formatDuration } from "../../infra/duration.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { Baked, RouterReading } from "../../infra/model.ts";
import { adviceOn, bringBack } from "../../infra/rules/router-advice.ts";
import type { Event } from "../event.ts";

/** A router that is silent for so long, and for so many looks, isn't just being restarted. */
const silentMs = 5_000;
const silentLooks = 3;
const pauseMs = 500;

export interface SilenceOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly on: (event: Event) => void;
  /** Whether a request to the public address is answered, asked there and then. */
  readonly answers: () => Promise<boolean>;
}

export class RouterSilence {
  private readonly options: SilenceOptions;
  private readonly where: string;
  /** Since when, and how often in a row, it didn't answer. */
  private silence: { readonly sinceMs: number; readonly looks: number } | null = null;
  /** Why a router that serves can't be asked; null: it can, or it doesn't serve. */
  private outOfReach: string | null = null;
  private noted = false;

  /** @param where what is being watched, as in "in the bake of green" */
  constructor(where: string, options: SilenceOptions) {
    this.options = options;
    this.where = where;
  }

  /**
   * False for a reading that says something; otherwise it has waited until the next look is due.
   * @throws ROUTER_DOWN where it has been silent for long: traffic neither stays nor can be moved
   */
  async waited(reading: RouterReading): Promise<boolean> {
    this.outOfReach = null;
    if (reading.weights !== null) {
      this.silence = null;
      return false;
    }
    const { clock, settings, answers } = this.options;
    if (reading.isOutOfReach === true && (await answers())) this.stayOutOfReach(reading);
    else this.countSilence(reading);
    await clock.sleep(Math.min(settings.bake.intervalMs, pauseMs));
    return true;
  }

  /** What is to be said where the time is over and the router still can't be asked, yet serves. */
  get unjudged(): Baked | null {
    const { outOfReach } = this;
    return outOfReach === null ? null : { verdict: "inconclusive", sentence: unjudged(outOfReach) };
  }

  private stayOutOfReach({
    problems: [problem = "its host can't be reached"],
  }: RouterReading): void {
    this.silence = null;
    this.outOfReach = problem;
    if (!this.noted) this.options.on({ kind: "Noted", sentence: unjudged(problem) });
    this.noted = true;
  }

  private countSilence(reading: RouterReading): void {
    const nowMs = this.options.clock.now();
    const { sinceMs = nowMs, looks = 0 } = this.silence ?? {};
    this.silence = { sinceMs, looks: looks + 1 };
    if (nowMs - sinceMs >= silentMs && looks + 1 >= silentLooks) throw this.routerDown(reading);
  }

  private routerDown(reading: RouterReading): BlueGreenError {
    const [problem = "it can't be asked", ...details] = reading.problems;
    const both = reading.isOutOfReach === true ? "; requests to its public address fail, too" : "";
    const message = `the router has been silent for ${formatDuration(silentMs)} ${this.where}: ${problem}${both}`;
    const advice = adviceOn(reading, problem) ?? bringBack;
    const hint = `${advice}; then the same command goes on`;
    return new BlueGreenError("ROUTER_DOWN", message, { hint, details });
  }
}

function unjudged(problem: string): string {
  return `can't be judged: ${problem}; requests to the public address are answered`;
}
