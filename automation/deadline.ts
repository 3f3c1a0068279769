/** A limit on the way to a point of no return; past that point nothing is cut short. */

import { BlueGreenError } from "../infra/errors.ts";

export class Deadline {
  private readonly late = new AbortController();
  private readonly limitMs: number;
  private readonly what: string;
  private leftMs: number;
  private sinceMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private lifted = false;

  /** Starts now; `what` says of whom it is missed. */
  constructor(limitMs: number, what = "the Pulumi engine and its backend weren't ready") {
    this.limitMs = limitMs;
    this.what = what;
    this.leftMs = limitMs;
    this.resume();
  }

  /** Aborts when the time is up: whatever works for it ends then. */
  get signal(): AbortSignal {
    return this.late.signal;
  }

  /** The point is reached: from here on there is no limit. */
  lift(): void {
    this.pause();
    this.lifted = true;
  }

  /** Time until `resume` doesn't count. */
  pause(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.leftMs -= performance.now() - this.sinceMs;
  }

  resume(): void {
    if (this.lifted || this.timer !== undefined || this.signal.aborted) return;
    this.sinceMs = performance.now();
    this.timer = setTimeout(
      () => {
        this.late.abort();
      },
      Math.max(0, this.leftMs),
    );
    this.timer.unref();
  }

  /**
   * What the work gives, unless the time is up before.
   * @throws ENGINE_FAILED then; the work's own end is of no interest any more
   */
  async limit<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this;
    if (signal.aborted) throw this.missed();
    const working = work();
    const late = Promise.withResolvers<never>();
    const onLate = (): void => {
      late.reject(this.missed());
    };
    signal.addEventListener("abort", onLate, { once: true });
    try {
      return await Promise.race([working, late.promise]);
    } finally {
      signal.removeEventListener("abort", onLate);
      working.catch(() => undefined);
    }
  }

  private missed(): BlueGreenError {
    return new BlueGreenError("ENGINE_FAILED", `${this.what} within ${this.limitMs} ms`, {
      hint: "`bluegreen doctor` shows which engine and which backend are used",
    });
  }
}
