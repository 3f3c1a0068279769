/** Judges metrics of the user's own in a step of a shift, while the former color serves too; pure. */

import { formatDuration } from "../../infra/duration.ts";
import { logMixtureE } from "./evidence.ts";
import type { Sample } from "./evidence.ts";
import { countSeries } from "./metrics-judgement.ts";
import type { Series } from "./metrics-joint.ts";
import { judgeLimit } from "./metrics-limit.ts";
import type { MetricVerdict } from "./metrics-joint.ts";
import { readingsOf } from "./metrics.ts";
import type { Grounds, MetricRule, Seen } from "./metrics.ts";
import { mixedAbsolute } from "./two-colors.ts";
import type { BothSeen } from "./two-colors.ts";

/** What was read of metrics in a step, in milliseconds since it began. */
export interface MetricReadings {
  /** Rules, and what the former color's metrics were before the step. */
  readonly grounds: Grounds;
  /** Of the new color. */
  readonly seen: readonly Seen[];
  /** Of the former color, before the step and since it began. */
  readonly former: readonly Seen[];
  /** Metrics whose source is asked by color or version; the others can't tell the colors apart. */
  readonly perColor: ReadonlySet<string>;
}

/** Counts with their evidence, to be averaged with that of errors and latency. */
export interface CountFinding {
  readonly series: Series;
  readonly logEvidence: number;
}

/**
 * While the former color's own counts are read, the new one may have as many bad ones as these
 * allow: what both need is no evidence. Otherwise the counts are judged as in the bake.
 */
export function countFindings(readings: MetricReadings): readonly CountFinding[] {
  const { grounds, seen } = readings;
  const counts = grounds.metrics.filter(({ reads }) => reads === "counts");
  return counts.map((rule) => {
    const former = formerOf(readings, rule);
    const untilMs = lastGood(readingsOf(former, rule.name))?.atMs ?? null;
    const nowMs = seen.at(-1)?.atMs ?? 0;
    if (untilMs === null || nowMs - untilMs > rule.tolerateMs) {
      const series = countSeries(grounds, rule, seen);
      return { series, logEvidence: logMixtureE(series) };
    }
    // What both meet may be read later there.
    const comparable = seen.filter(({ atMs }) => atMs <= untilMs);
    const series = countSeries(grounds, rule, comparable);
    const beside = countSeries(grounds, rule, former);
    const { p0, phi = 1 } = series;
    const both = bothOf(series.samples, beside.samples);
    return { series, logEvidence: mixedAbsolute(both, { p0, phi }).logEvidence };
  });
}

function lastGood(readings: ReturnType<typeof readingsOf>) {
  return readings.findLast(({ reading }) => !("error" in reading));
}

/** Both colors at each reading of the new one; the former one as it was read last until then. */
function bothOf(samples: readonly Sample[], former: readonly Sample[]): readonly BothSeen[] {
  return samples.map(({ atMs, requests, errors }) => {
    const beside = former.findLast((each) => each.atMs <= atMs);
    const { requests: total = 0, errors: bad = 0 } = beside ?? {};
    return { atMs, newColor: { bad: errors, total: requests }, formerColor: { bad, total } };
  });
}

/**
 * A limit that the former color breaks as well is no fail of the new one. Only `upper` is judged: a
 * value that grows with traffic is lower with a share of it, whatever the release is like.
 */
export function limitVerdicts(readings: MetricReadings): readonly MetricVerdict[] {
  const { grounds, seen } = readings;
  const values = grounds.metrics.filter(({ reads, upper }) => reads === "value" && upper !== null);
  return values.map((all) => {
    const rule = { ...all, lower: null, ofFormer: null };
    const before = readingsOf(grounds.former, rule.name);
    const verdict = judgeLimit(rule, readingsOf(seen, rule.name), before);
    if (verdict.verdict !== "fail") return verdict;
    const beside = judgeLimit(rule, readingsOf(formerOf(readings, rule), rule.name), before);
    if (beside.verdict !== "fail") return verdict;
    const sentence = `${verdict.sentence}; the former color's as well`;
    return { ...verdict, verdict: "inconclusive", sentence };
  });
}

/** What a step says nothing of, for the report; null where it judges every limit. */
export function leftToTheBake(metrics: readonly MetricRule[]): string | null {
  const left = metrics.flatMap(({ name, reads, lower, ofFormer }) => {
    if (reads === "counts") return [];
    const keys = [...(lower === null ? [] : ["lower"]), ...(ofFormer === null ? [] : ["ofFormer"])];
    return keys.map((key) => `\`${key}\` of ${name}`);
  });
  if (left.length === 0) return null;
  return `${left.join(", ")}: left to the bake, as a share of the traffic changes such a value`;
}

/** From its last reading before the step on, as counts grow from one to the next. */
function formerOf({ former, perColor }: MetricReadings, { name }: MetricRule): readonly Seen[] {
  if (!perColor.has(name)) return [];
  const own = former.filter(({ metrics = {} }) => Object.hasOwn(metrics, name));
  return own.slice(
    Math.max(
      0,
      own.findLastIndex(({ atMs }) => atMs <= 0),
    ),
  );
}

/** A metric that can't be read. */
export interface Silence {
  readonly sentence: string;
  /** True when it has lasted longer than is borne. */
  readonly overdue: boolean;
}

/** Times of a look, in milliseconds since the step began. */
export interface Looking {
  readonly atMs: number;
  /** Since when this run asks: who takes a step over has missed what was read before. */
  readonly askedFromMs: number;
}

/** Metrics without a reading, or whose last one was an error: while there is one, a step doesn't end. */
export function silenceIn(
  { grounds, seen }: Pick<MetricReadings, "grounds" | "seen">,
  looking: Looking,
): Silence | null {
  const silences = grounds.metrics.flatMap((rule) => silenceOf(rule, seen, looking));
  return silences.find(({ overdue }) => overdue) ?? silences[0] ?? null;
}

function silenceOf(
  { name, tolerateMs }: MetricRule,
  seen: readonly Seen[],
  { atMs, askedFromMs }: Looking,
): readonly Silence[] {
  const readings = readingsOf(seen, name);
  const good = lastGood(readings);
  const last = readings.at(-1)?.reading;
  const silentMs = atMs - (good?.atMs ?? askedFromMs);
  const overdue = silentMs > tolerateMs;
  const failing = last !== undefined && "error" in last;
  if (good && !failing && !overdue) return [];
  const silence = formatDuration(Math.max(1, Math.round(silentMs / 1_000)) * 1_000);
  const why = failing ? `: ${last.error}` : "";
  return [{ overdue, sentence: `${name}: no reading for ${silence}${why}` }];
}
