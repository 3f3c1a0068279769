/** Counts the answers of a constant-rate probe. Pure: times come in, in milliseconds since 1970. */

import type { Color, Instant, PerColor } from "../../infra/model.ts";
import { colorOf, isGood, sentenceOf } from "../../infra/probe.ts";
import type { ProbeResult } from "../../infra/probe.ts";
import type { Counts } from "../rollout/counts.ts";
import { noOwn, withEnded } from "../rollout/own-requests.ts";
import type { Ending, OwnCount, Signer } from "../rollout/own-requests.ts";

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
  /** How those ended that were sent since the last mark; default: since the beginning. */
  readonly own: OwnCount;
  /** Of these, what ended in the last ten seconds, for each path that was asked for. */
  readonly recent: readonly PathCount[];
  /** Why counting ended before it was told to; null: it didn't. */
  readonly broken: string | null;
}

/** What ended of late on one path. */
export interface PathCount {
  readonly path: string;
  readonly served: PerColor<Counts>;
  readonly unnamed: Counts;
  /** With the preview header, without those that another color answered. */
  readonly previewed: Counts;
}

const recentMs = 10_000;
const maxFailures = 50;
const maxRuns = 100;

type Good = { readonly sentMs: number; readonly color: Color | null };
type Asked = Signer | "preview";
interface Ended {
  readonly atMs: number;
  readonly path: string;
  readonly by: Asked;
  readonly bad: boolean;
}
type Run = { color: Color | null; fromMs: number; toMs: number; count: number };

/** A request that has ended. */
export interface SentProbe {
  readonly number: number;
  /** Default "/". */
  readonly path?: string;
  readonly sentMs: number;
  readonly nowMs: number;
  /** Whether our own process stood still meanwhile, which excuses a failure; default false. */
  readonly stalled?: boolean;
}

/** One of those with the preview header. */
export interface SentPreview extends Pick<SentProbe, "path" | "nowMs" | "stalled"> {
  readonly color: Color;
}

export class ProbeTally {
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
  private own = noOwn;
  /** Number of the first request that is counted by how it ended. */
  private marked = 0;
  private recent: Ended[] = [];
  /** Since when nothing is sent on purpose; null: it is. */
  private restingMs: number | null = null;

  constructor({ startMs }: { startMs: number }) {
    this.lastGoodMs = startMs;
  }

  /** Nothing is sent from now on, which is no gap. */
  rest(nowMs: number): void {
    this.restingMs ??= nowMs;
  }

  /** Sends again; the gap goes on where it was. */
  wake(nowMs: number): void {
    if (this.restingMs === null) return;
    this.lastGoodMs = nowMs - Math.max(0, this.restingMs - this.lastGoodMs);
    this.restingMs = null;
  }

  /** Number of the request, to be given back with its result. */
  send(): number {
    this.sent += 1;
    return this.sent - 1;
  }

  /** How requests ended counts anew from here: those that are on their way are of the time before. */
  mark(): void {
    this.marked = this.sent;
    this.own = noOwn;
    this.recent = this.recent.filter(({ by }) => by === "preview");
  }

  skip(): void {
    this.skipped += 1;
  }

  end(request: SentProbe, result: ProbeResult): void {
    const { number, sentMs, nowMs, path = "/", stalled = false } = request;
    const problem = problemOf(path, result);
    const color = colorOf(result);
    this.done += 1;
    if (number >= this.marked) {
      const [by, bad] = [color ?? "unnamed", problem !== null] as const;
      const ending = bad && stalled ? "spoiled" : endingOf(result);
      this.own = withEnded(this.own, { by, ending, bad });
      if (ending !== "spoiled") this.keep({ atMs: nowMs, path, by, bad });
    }
    if (problem === null) this.succeed(color, nowMs);
    else this.fail(sentMs, problem);
    this.early.set(number, problem === null ? { sentMs, color } : null);
    this.extendRuns();
  }

  previewSend(): void {
    this.preview.sent += 1;
  }

  previewEnd(preview: SentPreview, result: ProbeResult): void {
    const { color, path = "/", nowMs, stalled = false } = preview;
    const from = colorOf(result);
    if (from !== null && from !== color) {
      this.preview.misrouted += 1;
      return;
    }
    const bad = problemOf(path, result) !== null;
    if (bad) this.preview.failed += 1;
    if (!(bad && stalled)) this.keep({ atMs: nowMs, path, by: "preview", bad });
  }

  count(atMs: number): ProbeCount {
    const nowMs = Math.min(atMs, this.restingMs ?? Infinity);
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
      own: this.own,
      recent: this.recentPaths(atMs),
      broken: null,
    };
  }

  private keep(ended: Ended): void {
    this.recent.push(ended);
    const fresh = this.recent.findIndex(({ atMs }) => atMs >= ended.atMs - recentMs);
    if (fresh > maxStale) this.recent = this.recent.slice(fresh);
  }

  private recentPaths(nowMs: number): readonly PathCount[] {
    const fresh = this.recent.filter(({ atMs }) => atMs >= nowMs - recentMs);
    return [...new Set(fresh.map(({ path }) => path))].map((path) => {
      const of = (asked: Asked): Counts => {
        const ended = fresh.filter((each) => each.path === path && each.by === asked);
        return { bad: ended.filter(({ bad }) => bad).length, total: ended.length };
      };
      const served = { blue: of("blue"), green: of("green") };
      return { path, served, unnamed: of("unnamed"), previewed: of("preview") };
    });
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

/** What older than the window is kept, so that not each answer moves them all. */
const maxStale = 1_000;

function endingOf(result: ProbeResult): Ending {
  if (result.kind === "answered") return "answered";
  if (result.headers !== undefined) return "broken off";
  const taken = result.kind === "timeout" ? result.connected : result.reached === "server";
  return taken ? "silent" : "unreached";
}

function problemOf(path: string, result: ProbeResult): string | null {
  if (isGood(result)) return null;
  const from = colorOf(result);
  const sentence = sentenceOf({ where: "router", path, statuses: ["below 500"] }, result);
  return from === null ? sentence : `${sentence} (from ${from})`;
}

function instantOf(ms: number): Instant {
  return new Date(ms).toISOString();
}
