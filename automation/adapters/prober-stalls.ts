/** When the prober's own process stood still: what fails then says nothing of whom it asked. Pure. */

/** Between two beats. */
export const beatMs = 25;
/** A beat that comes later than this was held up. */
const lateMs = 2 * beatMs;
/** Share of a request's time whose loss excuses its failure. */
const excused = 0.1;
/** Longer than the longest request. */
const keptMs = 120_000;

interface Stall {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Told of each beat of a timer; times in milliseconds of any clock. */
export class Stalls {
  private lastMs: number;
  private stalls: Stall[] = [];

  constructor(startMs: number) {
    this.lastMs = startMs;
  }

  beat(nowMs: number): void {
    if (nowMs - this.lastMs > lateMs) {
      this.stalls = this.stalls.filter(({ toMs }) => toMs > nowMs - keptMs);
      this.stalls.push({ fromMs: this.lastMs + beatMs, toMs: nowMs });
    }
    this.lastMs = Math.max(this.lastMs, nowMs);
  }

  /**
   * True where so much of a request's time was lost that its failure may be our own: a tenth of what it
   * may take. What was sent just after a stall may have met a connection that was closed meanwhile.
   */
  spoiled(sentMs: number, endedMs: number, timeoutMs: number): boolean {
    this.beat(endedMs);
    const touching = this.stalls.filter(
      ({ fromMs, toMs }) => toMs >= sentMs - lateMs && fromMs <= endedMs,
    );
    const lostMs = touching.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    return lostMs > excused * timeoutMs;
  }
}
