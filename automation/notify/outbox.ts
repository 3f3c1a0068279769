/** Tells one target in the background, one piece after the other; nobody ever waits for it long. */

import { slept } from "../../infra/clock.ts";
import type { Clock } from "../../infra/clock.ts";
import { messageOf } from "../../infra/errors.ts";
import { isAlert } from "./news.ts";
import type { News } from "./news.ts";
import { NotTold } from "./reply.ts";

export interface OutboxOptions {
  readonly clock: Clock;
  /** True where each piece counts; otherwise the newest of a rollout replaces those before it. */
  readonly tellsAll: boolean;
  /** Rejects with NotTold; the signal ends it. */
  readonly send: (news: News, signal: AbortSignal) => Promise<void>;
}

/** Pieces that wait at most; what is more takes the place of the oldest that is no alert. */
const maxWaiting = 50;
const maxAttempts = 8;
const firstPauseMs = 500;
const maxPauseMs = 30_000;
/** Between attempts at the end of the run. */
const lastPauseMs = 200;
/** A target that asks for more patience than this is asked again all the same. */
const maxAskedMs = 600_000;

export class Outbox {
  private readonly options: OutboxOptions;
  private readonly closing = new AbortController();
  private readonly stop = new AbortController();
  private waiting: News[] = [];
  private working: Promise<void> | null = null;
  /** Why the first piece of those that are given up wasn't told; null: none is. */
  private lost: string | null = null;
  /** Of the last attempt. */
  private problem: string | null = null;
  private endMs = Infinity;

  constructor(options: OutboxOptions) {
    this.options = options;
  }

  push(news: News): void {
    if (this.closing.signal.aborted) return;
    this.waiting = [...this.waiting.filter((each) => !this.isReplaced(each, news)), news];
    if (this.waiting.length > maxWaiting) {
      const oldest = this.waiting.findIndex((each) => !isAlert(each));
      this.waiting.splice(Math.max(0, oldest), 1);
      this.lost ??= "too much happened at once";
    }
    this.working ??= this.work();
  }

  /**
   * Goes on for so long at most.
   * @returns why something wasn't told; null: all was
   */
  async end(withinMs: number): Promise<string | null> {
    const { clock } = this.options;
    this.endMs = clock.now() + withinMs;
    this.closing.abort();
    const done = new AbortController();
    const timer = slept(clock, withinMs, done.signal).then(() => {
      this.stop.abort();
    });
    if (this.working) await Promise.race([this.working, timer]);
    done.abort();
    if (this.working === null && this.waiting.length === 0) return this.lost;
    return this.lost ?? this.problem ?? "it didn't answer in time";
  }

  private async work(): Promise<void> {
    for (let news = this.waiting.shift(); news; news = this.waiting.shift()) {
      await this.deliver(news);
      if (this.stop.signal.aborted) break;
    }
    this.working = null;
  }

  private async deliver(news: News): Promise<void> {
    const { send, tellsAll } = this.options;
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      try {
        await send(news, this.stop.signal);
        // What is told now says more than what wasn't.
        if (!tellsAll) this.lost = null;
        this.problem = null;
        return;
      } catch (error) {
        this.problem = messageOf(error);
        const againMs = error instanceof NotTold ? error.againMs : null;
        if (againMs === null) break;
        const goesOn = await this.pause(Math.min(againMs, maxAskedMs), attempt);
        if (this.waiting.some((newer) => this.isReplaced(news, newer))) return;
        if (!goesOn) break;
      }
    }
    this.lost ??= this.problem;
  }

  private isReplaced(news: News, by: News): boolean {
    const same = news.rollout !== null && news.rollout.id === by.rollout?.id;
    return !this.options.tellsAll && same && !isAlert(news);
  }

  /** Until the next attempt; false: there is no time left for one. */
  private async pause(askedMs: number, attempt: number): Promise<boolean> {
    const { clock } = this.options;
    const startMs = clock.now();
    const pauseMs = Math.max(askedMs, Math.min(maxPauseMs, firstPauseMs * 2 ** (attempt - 1)));
    if (await slept(clock, pauseMs, this.closing.signal)) return true;
    // At the end of the run it is tried as soon as the target allows it.
    const leftMs = Math.max(lastPauseMs, askedMs - (clock.now() - startMs));
    if (clock.now() + leftMs >= this.endMs) return false;
    return slept(clock, leftMs, this.stop.signal);
  }
}
