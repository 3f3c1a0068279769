/** Tells a router that is only being restarted from one that doesn't answer any more. */

import type { Clock } from "../../infra/clock.ts";
import { formatDuration } from "../../infra/duration.ts";
import { BlueGreenError } from "../../infra/errors.ts";
import type { RouterReading } from "../../infra/model.ts";
import { adviceOn, bringBack } from "../../infra/rules/router-advice.ts";

/** A router that is silent for so long, and for so many looks, isn't just being restarted. */
const silentMs = 5_000;
const silentLooks = 3;
const pauseMs = 500;

export class RouterSilence {
  private readonly clock: Clock;
  private readonly where: string;
  private readonly intervalMs: number;
  /** Since when, and how often in a row, it didn't answer. */
  private silence: { readonly sinceMs: number; readonly looks: number } | null = null;

  /** @param where what is being watched, as in "in the bake of green" */
  constructor(where: string, { clock, intervalMs }: { clock: Clock; intervalMs: number }) {
    this.clock = clock;
    this.where = where;
    this.intervalMs = intervalMs;
  }

  /**
   * False for a reading that says something; otherwise it has waited until the next look is due.
   * @throws ROUTER_DOWN where it has been silent for long: traffic neither stays nor can be moved
   */
  async waited(reading: RouterReading): Promise<boolean> {
    if (reading.weights !== null) {
      this.silence = null;
      return false;
    }
    const nowMs = this.clock.now();
    const { sinceMs = nowMs, looks = 0 } = this.silence ?? {};
    this.silence = { sinceMs, looks: looks + 1 };
    if (nowMs - sinceMs >= silentMs && looks + 1 >= silentLooks) throw this.routerDown(reading);
    await this.clock.sleep(Math.min(this.intervalMs, pauseMs));
    return true;
  }

  private routerDown(reading: RouterReading): BlueGreenError {
    const [problem = "it can't be asked", ...details] = reading.problems;
    const message = `the router has been silent for ${formatDuration(silentMs)} ${this.where}: ${problem}`;
    const advice = adviceOn(reading, problem) ?? bringBack;
    const hint = `${advice}; then the same command goes on`;
    return new BlueGreenError("ROUTER_DOWN", message, { hint, details });
  }
}
