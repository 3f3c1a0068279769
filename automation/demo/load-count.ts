/** Judges the load's answers and folds them into counts: pure, times in ms since its start. */
import type { Instant } from "../../infra/model.ts";

export interface LoadFailure {
  /** Milliseconds since the load began. */
  readonly atMs: number;
  readonly request: string;
  readonly reason: string;
  /** Null where no router said which color answered. */
  readonly color: string | null;
}

export interface SocketCount {
  readonly opened: number;
  /** Handshakes that failed. */
  readonly refused: number;
  /** Closed by the server with a close frame, as a drain does. */
  readonly closed: number;
  /** Ended without a close frame. */
  readonly broken: number;
  readonly sent: number;
  readonly echoed: number;
  /** Texts that got no echo in time, or were under way when a connection broke. */
  readonly lost: number;
  /** Texts that met the server's close frame on their way; it may not answer them any more. */
  readonly crossed: number;
  /** Texts that nobody waited for. */
  readonly unexpected: number;
}

/** A full answer. */
export interface Answer {
  readonly status: number;
  readonly color: string | null;
  readonly version: string | null;
  readonly body: string;
}

/** What the service says of some orders. */
export interface KeyCheck {
  readonly once: number;
  /** Orders whose request reached the service more than once. */
  readonly repeated: readonly string[];
  readonly missing: readonly string[];
}

/** Whether every acknowledged order exists exactly once. */
export interface OrderCheck extends KeyCheck {
  readonly acknowledged: number;
  /** Why the service couldn't be asked for all of them; null when it could. */
  readonly problem: string | null;
}

interface Totals {
  readonly sent: number;
  /** Full answers with a status below 400. */
  readonly ok: number;
  readonly failed: number;
  /** Full answers by status; requests without one are under "none". */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Full answers by the header `x-bluegreen-color`; "unknown" without it. */
  readonly byColor: Readonly<Record<string, number>>;
  /** Full answers by the header `x-version`; "unknown" without it. */
  readonly byVersion: Readonly<Record<string, number>>;
}

/** Everything since the start of the load. */
export interface LoadCount extends Totals {
  readonly startedAt: Instant;
  readonly elapsedMs: number;
  readonly inFlight: number;
  /** Requests that were due but not sent, because too many were in flight already. */
  readonly unsent: number;
  /** Longest time without a success; the time before the first one and the present wait count. */
  readonly longestGapMs: number;
  /** Longest time for which the load's own process was late: such a gap isn't the service's. */
  readonly longestStallMs: number;
  /** The first failures; `failed` is their full number. */
  readonly failures: readonly LoadFailure[];
  /** Of successes, within 5 %; null before the first. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | null;
  readonly posts: { readonly sent: number; readonly ok: number };
  readonly sockets: SocketCount;
  /** Null until the load ended. */
  readonly orders: OrderCheck | null;
}

/** What happened since the mark before; a request counts as sent then and as ended now. */
export interface LoadStep extends Totals {
  readonly label: string;
  readonly ms: number;
  /** Longest time without a success inside the step. */
  readonly longestGapMs: number;
  readonly sockets: SocketCount;
}

export type SocketFact = keyof SocketCount;

export type LoadEvent =
  | { readonly kind: "sent"; readonly post: boolean }
  | {
      readonly kind: "ended";
      readonly at: number;
      readonly request: string;
      readonly post: boolean;
      readonly latencyMs: number;
      /** Null without a full answer. */
      readonly status: number | null;
      readonly color: string | null;
      readonly version: string | null;
      /** Null for a success. */
      readonly reason: string | null;
    }
  | { readonly kind: "unsent" }
  | { readonly kind: "stalled"; readonly ms: number }
  | { readonly kind: "socket"; readonly fact: SocketFact }
  /** No more requests are sent: the time from here on is no gap. */
  | { readonly kind: "finished"; readonly at: number };

type Ended = Extract<LoadEvent, { kind: "ended" }>;

/** The state of the fold. */
export interface LoadTally extends Totals {
  readonly unsent: number;
  readonly posts: { readonly sent: number; readonly ok: number };
  readonly failures: readonly LoadFailure[];
  readonly sockets: SocketCount;
  /** Successes by bucket of their latency. */
  readonly buckets: Readonly<Record<number, number>>;
  readonly lastOkAt: number;
  readonly gapMs: number;
  readonly stallMs: number;
  readonly finishedAt: number;
  readonly step: { readonly at: number; readonly gapMs: number; readonly before: Marked };
}

type Marked = Totals & { readonly sockets: SocketCount };

const maxFailures = 50;
/** Buckets grow by 5 % from a tenth of a millisecond. */
const bucketGrowth = 1.05;
const bucketFromMs = 0.1;

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
  sockets: noSockets,
};

export const emptyTally: LoadTally = {
  ...nothing,
  unsent: 0,
  posts: { sent: 0, ok: 0 },
  failures: [],
  buckets: {},
  lastOkAt: 0,
  gapMs: 0,
  stallMs: 0,
  finishedAt: Number.POSITIVE_INFINITY,
  step: { at: 0, gapMs: 0, before: nothing },
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
    unsent: tally.unsent,
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
    longestGapMs: Math.round(Math.max(tally.step.gapMs, gapUntil(tally, at, tally.step.at))),
    sockets: { ...noSockets, ...difference({ ...tally.sockets }, { ...before.sockets }) },
  };
  const marked: Marked = { ...totalsOf(tally), sockets: tally.sockets };
  return { tally: { ...tally, step: { at, gapMs: 0, before: marked } }, step };
}

/** Why a full answer is a failure, null when it is none. With a key it has to be that order. */
export function faultOf({ status, body }: Answer, key?: string): string | null {
  if (status >= 400) return `status ${status}`;
  if (key === undefined) return null;
  const order = objectOf(body);
  const matches = order["key"] === key && typeof order["id"] === "number";
  return matches ? null : "the answer doesn't match the order";
}

/** Throws when the service couldn't say. */
export function checkOf({ status, body }: Answer): KeyCheck {
  if (status !== 200) throw new Error(`the orders couldn't be checked: status ${status}`);
  return { once: 0, repeated: [], missing: [], ...(objectOf(body) as Partial<KeyCheck>) };
}

/** Empty where the text isn't a JSON object. */
function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch (error) {
    return { error };
  }
}

export function emptyCheck(acknowledged: number): OrderCheck {
  return { acknowledged, once: 0, repeated: [], missing: [], problem: null };
}

export function addCheck(check: OrderCheck, part: KeyCheck): OrderCheck {
  return {
    ...check,
    once: check.once + part.once,
    repeated: [...check.repeated, ...part.repeated],
    missing: [...check.missing, ...part.missing],
  };
}

function succeed(tally: LoadTally, event: Ended): LoadTally {
  return {
    ...answered(tally, event),
    ok: tally.ok + 1,
    posts: posts(tally, { ok: Number(event.post) }),
    buckets: increase(tally.buckets, bucketOf(event.latencyMs)),
    lastOkAt: event.at,
    gapMs: Math.max(tally.gapMs, gapUntil(tally, event.at, 0)),
    step: {
      ...tally.step,
      gapMs: Math.max(tally.step.gapMs, gapUntil(tally, event.at, tally.step.at)),
    },
  };
}

function fail(tally: LoadTally, event: Ended, reason: string): LoadTally {
  const { request, color } = event;
  const failure = { atMs: Math.round(event.at), request, reason, color };
  return {
    ...answered(tally, event),
    failed: tally.failed + 1,
    failures: tally.failures.length < maxFailures ? [...tally.failures, failure] : tally.failures,
  };
}

function answered(tally: LoadTally, { status, color, version }: Ended): LoadTally {
  if (status === null) return { ...tally, byStatus: increase(tally.byStatus, "none") };
  return {
    ...tally,
    byStatus: increase(tally.byStatus, String(status)),
    byColor: increase(tally.byColor, color ?? "unknown"),
    byVersion: increase(tally.byVersion, version ?? "unknown"),
  };
}

/** Time without a success that ends now, as far as it lies after `from` and before the end. */
function gapUntil(tally: LoadTally, at: number, from: number): number {
  return Math.max(0, Math.min(at, tally.finishedAt) - Math.max(tally.lastOkAt, from));
}

function posts(tally: LoadTally, more: { sent?: number; ok?: number }): LoadTally["posts"] {
  return { sent: tally.posts.sent + (more.sent ?? 0), ok: tally.posts.ok + (more.ok ?? 0) };
}

function totalsOf({ sent, ok, failed, byStatus, byColor, byVersion }: Totals): Totals {
  return { sent, ok, failed, byStatus, byColor, byVersion };
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

function bucketOf(ms: number): number {
  return Math.ceil(Math.log(Math.max(ms, bucketFromMs) / bucketFromMs) / Math.log(bucketGrowth));
}

function latencyOf(tally: LoadTally): LoadCount["latency"] {
  if (tally.ok === 0) return null;
  return { p50Ms: quantile(tally, 0.5), p99Ms: quantile(tally, 0.99) };
}

/** Upper end of the bucket that holds the quantile. */
function quantile({ buckets, ok }: LoadTally, q: number): number {
  const rows = Object.entries(buckets).map(([key, n]) => ({ bucket: Number(key), n }));
  let seen = 0;
  for (const { bucket, n } of rows.sort((a, b) => a.bucket - b.bucket)) {
    seen += n;
    if (seen >= q * ok) return round(bucketFromMs * bucketGrowth ** bucket);
  }
  return 0;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
