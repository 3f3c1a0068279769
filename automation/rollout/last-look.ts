/** How long the active color is looked at before its way back goes, and when that is enough; pure. */

import type { BakeRules, Grounds, MetricRule, Seen } from "./metrics.ts";
import type { BakeJudgement } from "./metrics-judgement.ts";

/** What a bake is judged by, how often it is read, and what we ask for by ourselves. */
export interface LookRules {
  readonly bake: BakeRules & {
    readonly intervalMs: number;
    readonly synthetic: { readonly paths: readonly string[] };
  };
  readonly metrics: readonly (MetricRule & { readonly intervalMs: number })[];
}

/** Nobody who retires a color wants to wait for longer; a bake takes its time, this is a look. */
const maxLookMs = 30_000;
/** Of the router's counters; errors of a tenth of the requests show in so many of a busy service. */
const looks = 5;

/**
 * Longest time of a last look in milliseconds: a few readings of the router, or as many of a metric
 * as its verdict takes, but never longer than the bake or half a minute.
 */
export function lookMs({ bake, metrics }: LookRules): number {
  const times = metrics.map(({ consecutive, intervalMs }) => consecutive * intervalMs);
  return Math.min(maxLookMs, bake.durationMs, Math.max(looks * bake.intervalMs, ...times));
}

/**
 * The rules of the bake for a look that begins `sinceSwitchMs` after the switch: what they pass over
 * right after a switch is long gone by then, mostly.
 */
export function lookRules(
  { bake, metrics }: Pick<Grounds, "bake" | "metrics">,
  { forMs, sinceSwitchMs }: { readonly forMs: number; readonly sinceSwitchMs: number },
): Pick<Grounds, "bake" | "metrics"> {
  const left = (afterMs: number): number => Math.max(0, afterMs - sinceSwitchMs);
  const { enabled, afterMs } = bake.latency;
  // A bake that is over before latency counts has none judged, so nobody expects it here.
  const judged = enabled && afterMs < bake.durationMs;
  const latency = { ...bake.latency, enabled: judged, afterMs: left(afterMs) };
  return {
    bake: { ...bake, durationMs: forMs, latency },
    metrics: metrics.map((rule) => ({ ...rule, afterMs: left(rule.afterMs) })),
  };
}

/** What the color that was left had served until the switch; times are before it. */
export function servedBefore({ traffic, latency }: Omit<Seen, "atMs">): readonly Seen[] {
  if (!traffic) return [];
  const began: Seen = { atMs: -1, traffic: [0, 0], ...(latency && { latency: [] }) };
  return [began, { atMs: 0, traffic, ...(latency && { latency }) }];
}

export interface Looked extends Pick<BakeJudgement, "verdict" | "errors"> {
  /** Requests of users since the look began; our own aren't among them where they can be told. */
  readonly users: number;
  /** Our own that were answered well; null: none are sent. */
  readonly answered: number | null;
  readonly elapsedMs: number;
}

/** Fewer good answers say nothing: on a busy machine there may be none yet. So is one of each path. */
const minAnswered = 3;

/**
 * Whether there is nothing to wait for: without any error it has passed, or nobody uses it now and
 * what we ask is answered. Metrics may know of more than the router does, so they get their time.
 */
export function isEnough(
  { verdict, errors, users, answered, elapsedMs }: Looked,
  { bake, metrics }: LookRules,
): boolean {
  if (errors > 0) return false;
  if (verdict === "pass") return true;
  const idle = users === 0 && metrics.length === 0 && elapsedMs >= bake.intervalMs;
  const wanted = Math.max(minAnswered, bake.synthetic.paths.length);
  return idle && (answered === null || answered >= wanted);
}
