/** What the demo found out, as data, and whether it is what it should be. Pure. */

import type { LoadCount, LoadStep, Totals } from "./load-facts.ts";
import type { OrderCheck } from "./load-orders.ts";

/** Breaks after its switch, on purpose; the shop reads it from the version's name. */
export const brokenVersion = "4-after-switch";

export interface CommandRow {
  readonly command: string;
  readonly exitCode: number | null;
  readonly ms: number;
}

/** How clients met a step. */
export interface TrafficRow {
  readonly sent: number;
  /** Requests without a good answer; those of `brokenRelease` aren't among them. */
  readonly failed: number;
  /** Requests that a release which is broken on purpose answered with 500 itself. */
  readonly brokenRelease: number;
  /** From the first answer of the broken release to its last one; null without one. */
  readonly backAfter: { readonly switchMs: number; readonly failureMs: number } | null;
  readonly longestGapMs: number;
  readonly reconnects: number;
  /** WebSockets that broke or were refused, and texts without their echo. */
  readonly socketFailures: number;
  readonly answers: Readonly<Record<string, number>>;
  /** Most frequent first; a release that is broken on purpose is among them. */
  readonly reasons: readonly string[];
}

export interface StepRow {
  readonly name: string;
  /** Whether traffic moves in it. */
  readonly moves: boolean;
  readonly ms: number;
  readonly commands: readonly CommandRow[];
  /** Null while there is no load. */
  readonly traffic: TrafficRow | null;
}

export interface DemoFailure {
  readonly step: string;
  readonly expected: string;
  readonly got: string;
  /** The last lines of the processes' logs. */
  readonly logs: readonly string[];
}

export interface DemoResult {
  readonly ok: boolean;
  readonly failure: DemoFailure | null;
  readonly ratePerSecond: number;
  readonly ms: number;
  readonly steps: readonly StepRow[];
  /** Of the steps in which traffic moved. */
  readonly moves: { readonly sent: number; readonly failed: number };
  readonly total: {
    readonly sent: number;
    readonly failed: number;
    readonly brokenRelease: number;
    readonly longestGapMs: number;
    readonly reconnects: number;
  };
  readonly latency: LoadCount["latency"];
  readonly orders: OrderCheck | null;
  /** Where the application goes on, when it was asked to; null when nothing is left. */
  readonly kept: { readonly folder: string; readonly url: string } | null;
}

/** Reads a step of the load; `broken` is the version that is broken on purpose. */
export function trafficRow(step: LoadStep, broken: string | null): TrafficRow {
  const own = ownFailures(step, broken);
  const { sockets } = step;
  return {
    sent: step.sent,
    failed: step.failed - own + step.unsent,
    brokenRelease: own,
    backAfter: backAfter(step, broken),
    longestGapMs: step.longestGapMs,
    reconnects: sockets.closed + sockets.broken,
    socketFailures: sockets.refused + sockets.broken + sockets.lost + sockets.unexpected,
    answers: step.byVersion,
    reasons: reasonsOf(step),
  };
}

const toldReasons = 5;

function reasonsOf({ reasons, unsent }: LoadStep): readonly string[] {
  const rows = Object.entries({ ...reasons, ...(unsent > 0 && { "not sent": unsent }) });
  const sorted = rows.sort(([, a], [, b]) => b - a).slice(0, toldReasons);
  return sorted.map(([reason, times]) => `${times} x ${reason}`);
}

function backAfter({ met }: LoadStep, broken: string | null): TrafficRow["backAfter"] {
  const times = broken === null ? undefined : met[broken];
  if (times === undefined || times.firstFailureMs === null) return null;
  return {
    switchMs: Math.round(times.lastMs - times.firstMs),
    failureMs: Math.round(times.lastMs - times.firstFailureMs),
  };
}

/** Sentences on what clients should not have met. */
export function trafficProblems(row: TrafficRow, expected: readonly string[]): readonly string[] {
  const strangers = Object.keys(row.answers).filter((version) => !expected.includes(version));
  const absent = expected.filter((version) => !(version in row.answers));
  return [
    ...(row.failed > 0 ? [`${row.failed} requests failed: ${row.reasons.join(", ")}`] : []),
    ...(row.socketFailures > 0 ? [`${row.socketFailures} failures on WebSockets`] : []),
    ...strangers.map((version) => `${row.answers[version] ?? 0} answers came from ${version}`),
    ...absent.map((version) => `no answer came from release ${version}`),
  ];
}

/** Sentences on orders that aren't there exactly once, and on failures outside every step. */
export function endProblems(count: LoadCount, broken: string): readonly string[] {
  const { orders } = count;
  const failed = count.failed + count.unsent - ownFailures(count, broken);
  if (!orders) return ["the orders weren't checked"];
  const { once, acknowledged, missing, repeated, problem } = orders;
  return [
    ...(failed > 0 ? [`${failed} requests failed`] : []),
    ...(problem === null ? [] : [`the orders couldn't be checked: ${problem}`]),
    ...(missing.length > 0 ? [`${missing.length} orders are missing`] : []),
    ...(repeated.length > 0 ? [`${repeated.length} orders came twice`] : []),
    ...(once === acknowledged ? [] : [`${once} of ${acknowledged} orders exist exactly once`]),
  ];
}

/** What a release that is broken on purpose answered itself: the router's errors name no version. */
export function ownFailures({ failedBy }: Totals, broken: string | null): number {
  return broken === null ? 0 : (failedBy[`500 of ${broken}`] ?? 0);
}

export function resultOf(run: {
  readonly steps: readonly StepRow[];
  readonly failure: DemoFailure | null;
  readonly ratePerSecond: number;
  readonly ms: number;
  readonly count: LoadCount | null;
  readonly kept: DemoResult["kept"];
}): DemoResult {
  const { steps, failure, ratePerSecond, ms, count, kept } = run;
  const moving = steps.filter(({ moves }) => moves);
  return {
    ok: failure === null,
    failure,
    ratePerSecond,
    ms: Math.round(ms),
    steps,
    moves: { sent: sum(moving, ({ sent }) => sent), failed: sum(moving, ({ failed }) => failed) },
    total: {
      sent: count?.sent ?? sum(steps, ({ sent }) => sent),
      failed: sum(steps, ({ failed }) => failed),
      brokenRelease: sum(steps, ({ brokenRelease }) => brokenRelease),
      longestGapMs: Math.max(0, ...steps.map(({ traffic }) => traffic?.longestGapMs ?? 0)),
      reconnects: sum(steps, ({ reconnects }) => reconnects),
    },
    latency: count?.latency ?? null,
    orders: count?.orders ?? null,
    kept,
  };
}

function sum(steps: readonly StepRow[], of: (traffic: TrafficRow) => number): number {
  return steps.reduce((total, { traffic }) => total + (traffic ? of(traffic) : 0), 0);
}
