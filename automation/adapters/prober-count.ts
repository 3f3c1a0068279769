/** Counts the answers of a constant-rate probe. Pure: times come in, in milliseconds since 1970. */

import type { Color, Instant, PerColor } from "../../infra/model.ts";
import { colorOf, sentenceOf } from "../../infra/probe.ts";
import type { ProbeResult } from "../../infra/probe.ts";

export interface ProbeFailure {
  readonly at: Instant;
  readonly reason: string;
}

/** Requests in a row, in the order of sending, that one color answered. */
export interface ProbeRun {
  /** Null: the answers named no color. */
  readonly color: Color | null;
  /** When its first and its last request were sent. */
  readonly from: Instant;
  readonly to: Instant;
  readonly count: number;
}

/** What a probe through the public address saw; `sent` = answered well + `failed` + `pending`. */
export interface ProbeCount {
  readonly sent: number;
  /** No answer, or one with status 5xx. */
  readonly failed: number;
  /** Not answered yet, when this was counted. */
  readonly pending: number;
  /** Left out of the schedule because too many were pending; an outage, not a success. */
  readonly skipped: number;
  /** The first failures. */
  readonly failures: readonly ProbeFailure[];
  /** Longest stretch without a good answer; the start and the end of the count bound it too. */
  readonly longestGapMs: number;
  /** Good answers that named a color. */
  readonly byColor: PerColor<number>;
  /** The latest runs; failures are no part of one and don't end one. */
  readonly timeline: readonly ProbeRun[];
  /** Requests with the preview header, counted apart; all 0 where none was asked for. */
  readonly previewSent: number;
  readonly previewFailed: number;
  /** Answered by another color than asked for, which says nothing about that one. */
  readonly previewMisrouted: number;
  /** Why counting ended before it was told to; null: it didn't. */
  readonly broken: string | null;
}

const maxFailures = 50;
const maxRuns = 100;

type Good = { readonly sentMs: number; readonly color: Color | null };
type Run = { color: Color | null; fromMs: number; toMs: number; count: number };

export class ProbeTally {
  private readonly path: string;
  private sent = 0;
  private done = 0;
  private failed = 0;
  private skipped = 0;
  private readonly failures: ProbeFailure[] = [];
  private readonly byColor = { blue: 0, green: 0 };
  private lastGoodMs: number;
  private longestGapMs = 0;
  private readonly runs: Run[] = [];
  /** Finished requests that wait for earlier ones, so that runs are in the order of sending. */
  private readonly early = new Map<number, Good | null>();
  private nextInOrder = 0;
  private readonly preview = { sent: 0, failed: 0, misrouted: 0 };

  constructor({ path, startMs }: { path: string; startMs: number }) {
    this.path = path;
    this.lastGoodMs = startMs;
  }

  /** Number of the request, to be given back with its result. */
  send(): number {
    this.sent += 1;
    return this.sent - 1;
  }

  skip(): void {
    this.skipped += 1;
  }

  end(request: { number: number; sentMs: number; nowMs: number }, result: ProbeResult): void {
    const { number, sentMs, nowMs } = request;
    const problem = this.problemOf(result);
    const color = colorOf(result);
    this.done += 1;
    if (problem === null) this.succeed(color, nowMs);
    else this.fail(sentMs, problem);
    this.early.set(number, problem === null ? { sentMs, color } : null);
    this.extendRuns();
  }

  previewSend(): void {
    this.preview.sent += 1;
  }

  previewEnd(asked: Color, result: ProbeResult): void {
    const from = colorOf(result);
    if (from !== null && from !== asked) this.preview.misrouted += 1;
    else if (this.problemOf(result) !== null) this.preview.failed += 1;
  }

  count(nowMs: number): ProbeCount {
    return {
      sent: this.sent,
      failed: this.failed,
      pending: this.sent - this.done,
      skipped: this.skipped,
      failures: [...this.failures],
      longestGapMs: Math.round(Math.max(this.longestGapMs, nowMs - this.lastGoodMs)),
      byColor: { ...this.byColor },
      timeline: this.runs.map(({ color, fromMs, toMs, count }) => {
        return { color, from: instantOf(fromMs), to: instantOf(toMs), count };
      }),
      previewSent: this.preview.sent,
      previewFailed: this.preview.failed,
      previewMisrouted: this.preview.misrouted,
      broken: null,
    };
  }

  private succeed(color: Color | null, nowMs: number): void {
    if (color !== null) this.byColor[color] += 1;
    this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.lastGoodMs);
    this.lastGoodMs = nowMs;
  }

  private fail(sentMs: number, reason: string): void {
    this.failed += 1;
    if (this.failures.length < maxFailures) this.failures.push({ at: instantOf(sentMs), reason });
  }

  private problemOf(result: ProbeResult): string | null {
    if (result.kind === "answered" && result.status < 500) return null;
    const from = colorOf(result);
    const sentence = sentenceOf(
      { where: "router", path: this.path, statuses: ["below 500"] },
      result,
    );
    return from === null ? sentence : `${sentence} (from ${from})`;
  }

  private extendRuns(): void {
    for (let good = this.takeNext(); good !== undefined; good = this.takeNext()) {
      if (good === null) continue;
      const last = this.runs.at(-1);
      if (last?.color === good.color) {
        last.toMs = good.sentMs;
        last.count += 1;
      } else {
        this.runs.push({ color: good.color, fromMs: good.sentMs, toMs: good.sentMs, count: 1 });
        if (this.runs.length > maxRuns) this.runs.shift();
      }
    }
  }

  private takeNext(): Good | null | undefined {
    const next = this.early.get(this.nextInOrder);
    if (next === undefined) return undefined;
    this.early.delete(this.nextInOrder);
    this.nextInOrder += 1;
    return next;
  }
}

function instantOf(ms: number): Instant {
  return new Date(ms).toISOString();
}
