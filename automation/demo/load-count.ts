/** Folds the load's events into counts: pure, times in milliseconds since its start. */
import type { Instant } from "../../infra/model.ts";
import type {
  LoadCount,
  LoadEvent,
  LoadFailure,
  LoadStep,
  Met,
  SocketCount,
  Totals,
} from "./load-facts.ts";
import { bucketOf, quantile } from "./load-latency.ts";
import type { Buckets } from "./load-latency.ts";
import type { OrderCheck } from "./load-orders.ts";

type Ended = Extract<LoadEvent, { kind: "ended" }>;

/** The state of the fold. */
export interface LoadTally extends Totals {
  readonly posts: { readonly sent: number; readonly ok: number };
  readonly failures: readonly LoadFailure[];
  readonly sockets: SocketCount;
  /** Latencies of successes. */
  readonly buckets: Buckets;
  readonly lastOkAt: number;
  readonly gapMs: number;
  readonly stallMs: number;
  readonly finishedAt: number;
  readonly step: StepTally;
}

/** Since the last mark. */
interface StepTally {
  readonly at: number;
  readonly gapMs: number;
  readonly met: Readonly<Record<string, Met>>;
  readonly reasons: Readonly<Record<string, number>>;
  readonly before: Marked;
}

type Marked = Totals & { readonly sockets: SocketCount };

const maxFailures = 50;

const noSockets: SocketCount = {
  opened: 0,
  refused: 0,
  closed: 0,
  broken: 0,
  sent: 0,
  echoed: 0,
  lost: 0,
  crossed: 0,
  unexpected: 0,
};

const nothing: Marked = {
  sent: 0,
  ok: 0,
  failed: 0,
  byStatus: {},
  byColor: {},
  byVersion: {},
  failedBy: {},
  unsent: 0,
  sockets: noSockets,
};

export const emptyTally: LoadTally = {
  ...nothing,
  posts: { sent: 0, ok: 0 },
  failures: [],
  buckets: {},
  lastOkAt: 0,
  gapMs: 0,
  stallMs: 0,
  finishedAt: Number.POSITIVE_INFINITY,
  step: { at: 0, gapMs: 0, met: {}, reasons: {}, before: nothing },
};

export function fold(tally: LoadTally, event: LoadEvent): LoadTally {
  switch (event.kind) {
    case "sent":
      return { ...tally, sent: tally.sent + 1, posts: posts(tally, { sent: Number(event.post) }) };
    case "ended":
      return event.reason === null ? succeed(tally, event) : fail(tally, event, event.reason);
    case "unsent":
      return { ...tally, unsent: tally.unsent + 1 };
    case "stalled":
      return { ...tally, stallMs: Math.max(tally.stallMs, event.ms) };
    case "socket":
      return { ...tally, sockets: increase(tally.sockets, event.fact) };
    case "finished":
      return { ...tally, finishedAt: Math.min(tally.finishedAt, event.at) };
  }
}

/** The counts as they are `at` this moment. */
export function countOf(
  tally: LoadTally,
  moment: { at: number; startedAt: Instant; orders?: OrderCheck },
): LoadCount {
  return {
    ...totalsOf(tally),
    startedAt: moment.startedAt,
    elapsedMs: Math.round(Math.min(moment.at, tally.finishedAt)),
    inFlight: tally.sent - tally.ok - tally.failed,
    longestGapMs: Math.round(Math.max(tally.gapMs, gapUntil(tally, moment.at, 0))),
    longestStallMs: Math.round(tally.stallMs),
    failures: tally.failures,
    latency: latencyOf(tally),
    posts: tally.posts,
    sockets: tally.sockets,
    orders: moment.orders ?? null,
  };
}

/** Ends a step and begins the next one. */
export function mark(
  tally: LoadTally,
  label: string,
  at: number,
): { tally: LoadTally; step: LoadStep } {
  const { before } = tally.step;
  const step: LoadStep = {
    label,
    ms: Math.round(at - tally.step.at),
    sent: tally.sent - before.sent,
    ok: tally.ok - before.ok,
    failed: tally.failed - before.failed,
    byStatus: difference(tally.byStatus, before.byStatus),
    byColor: difference(tally.byColor, before.byColor),
    byVersion: difference(tally.byVersion, before.byVersion),
    failedBy: difference(tally.failedBy, before.failedBy),
    unsent: tally.unsent - before.unsent,
    met: tally.step.met,
    reasons: tally.step.reasons,
    longestGapMs: Math.round(Math.max(tally.step.gapMs, gapUntil(tally, at, tally.step.at))),
    sockets: { ...noSockets, ...difference({ ...tally.sockets }, { ...before.sockets }) },
  };
  const marked: Marked = { ...totalsOf(tally), sockets: tally.sockets };
  return {
    tally: { ...tally, step: { at, gapMs: 0, met: {}, reasons: {}, before: marked } },
    step,
  };
}

function succeed(tally: LoadTally, event: Ended): LoadTally {
  const next = answered(tally, event);
  return {
    ...next,
    ok: tally.ok + 1,
    posts: posts(tally, { ok: Number(event.post) }),
    buckets: increase(tally.buckets, bucketOf(event.latencyMs)),
    lastOkAt: event.at,
    gapMs: Math.max(tally.gapMs, gapUntil(tally, event.at, 0)),
    step: {
      ...next.step,
      gapMs: Math.max(tally.step.gapMs, gapUntil(tally, event.at, tally.step.at)),
    },
  };
}

function fail(tally: LoadTally, event: Ended, reason: string): LoadTally {
  const { request, color, status, version } = event;
  const failure = { atMs: Math.round(event.at), request, reason, color };
  const by = `${status ?? "none"} of ${version ?? "unknown"}`;
  const next = answered(tally, event);
  const reasons = increase(tally.step.reasons, `${request}: ${reason}`);
  return {
    ...next,
    step: { ...next.step, reasons },
    failed: tally.failed + 1,
    failedBy: increase(tally.failedBy, by),
    failures: tally.failures.length < maxFailures ? [...tally.failures, failure] : tally.failures,
  };
}

function answered(tally: LoadTally, event: Ended): LoadTally {
  const { status, color } = event;
  const version = event.version ?? "unknown";
  if (status === null) return { ...tally, byStatus: increase(tally.byStatus, "none") };
  return {
    ...tally,
    byStatus: increase(tally.byStatus, String(status)),
    byColor: increase(tally.byColor, color ?? "unknown"),
    byVersion: increase(tally.byVersion, version),
    step: { ...tally.step, met: { ...tally.step.met, [version]: metAgain(tally, event, version) } },
  };
}

function metAgain({ step }: LoadTally, { at, reason }: Ended, version: string): Met {
  const before = step.met[version] ?? { firstMs: at, firstFailureMs: null };
  const firstFailureMs = before.firstFailureMs ?? (reason === null ? null : at);
  return { firstMs: before.firstMs, lastMs: at, firstFailureMs };
}

/** Time without a success that ends now, as far as it lies after `from` and before the end. */
function gapUntil(tally: LoadTally, at: number, from: number): number {
  return Math.max(0, Math.min(at, tally.finishedAt) - Math.max(tally.lastOkAt, from));
}

function posts(tally: LoadTally, more: { sent?: number; ok?: number }): LoadTally["posts"] {
  return { sent: tally.posts.sent + (more.sent ?? 0), ok: tally.posts.ok + (more.ok ?? 0) };
}

function totalsOf(totals: Totals): Totals {
  const { sent, ok, failed, byStatus, byColor, byVersion, failedBy, unsent } = totals;
  return { sent, ok, failed, byStatus, byColor, byVersion, failedBy, unsent };
}

function increase<K extends string | number, T extends Partial<Record<K, number>>>(
  counts: T,
  key: K,
): T {
  return { ...counts, [key]: (counts[key] ?? 0) + 1 };
}

/** Keys whose number rose, with how much. */
function difference(
  now: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Record<string, number> {
  const rows = Object.entries(now).map(([key, n]) => [key, n - (before[key] ?? 0)] as const);
  return Object.fromEntries(rows.filter(([, n]) => n > 0));
}

function latencyOf({ ok, buckets }: LoadTally): LoadCount["latency"] {
  if (ok === 0) return null;
  return { p50Ms: quantile(buckets, 0.5), p99Ms: quantile(buckets, 0.99) };
}
