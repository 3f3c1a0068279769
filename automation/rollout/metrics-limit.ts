/** Judges a value against plain limits: so many readings in a row beyond one are a fail; pure. */

import { percent } from "./evidence-sentence.ts";
import type { MetricVerdict } from "./metrics-joint.ts";
import type { MetricReading, MetricRule } from "./metrics.ts";

export interface Timed {
  readonly atMs: number;
  readonly reading: MetricReading;
}

interface Limits {
  readonly upper: number | null;
  readonly lower: number | null;
  /** Where a limit comes from, for the sentence; empty: from the settings. */
  readonly origin: string;
}

/**
 * No test of probability: alpha doesn't cover it. An error of the source neither counts nor breaks
 * a row. A pass needs as many readings as a fail, and a last one within the limits.
 */
export function judgeLimit(
  rule: MetricRule,
  readings: readonly Timed[],
  former: readonly Timed[],
): MetricVerdict {
  const { name, consecutive } = rule;
  const limits = limitsOf(rule, former);
  const judged = (verdict: MetricVerdict["verdict"], text: string): MetricVerdict => {
    return { name, verdict, sentence: `${name}: ${text}` };
  };
  if (limits === null) {
    return judged("inconclusive", "the former color's value before the switch isn't known");
  }
  const values = valuesOf(readings.filter(({ atMs }) => atMs >= rule.afterMs));
  const row = longestRow(values, limits, consecutive);
  const shown = row.map(number).join(", ");
  if (row.length >= consecutive) {
    const many = consecutive === 1 ? "1 reading" : `${consecutive} readings in a row`;
    return judged("fail", `${many} beyond ${wordsOf(limits)}: ${shown}`);
  }
  if (values.length < consecutive) {
    return judged("inconclusive", `${values.length} of the ${consecutive} readings that it takes`);
  }
  if (row.length > 0) {
    return judged("inconclusive", `beyond ${wordsOf(limits)} at last: ${shown}`);
  }
  const last = number(values.at(-1) ?? 0);
  return judged("pass", `${last} at last, ${readingsIn(values.length)} within ${wordsOf(limits)}`);
}

/** Null where the limit depends on a former value that isn't known. */
function limitsOf(rule: MetricRule, former: readonly Timed[]): Limits | null {
  const { upper, lower, ofFormer, better } = rule;
  if (ofFormer === null) return { upper, lower, origin: "" };
  const value = median(valuesOf(former));
  if (value === null) return null;
  const limit = value * ofFormer;
  const origin = ` (${percent(ofFormer)} of the former color's ${number(value)})`;
  return better === "higher"
    ? { upper, lower: Math.max(limit, lower ?? -Infinity), origin }
    : { lower, upper: Math.min(limit, upper ?? Infinity), origin };
}

function valuesOf(readings: readonly Timed[]): readonly number[] {
  return readings.flatMap(({ reading }) => ("value" in reading ? [reading.value] : []));
}

/** The first row that is long enough; otherwise the one at the end. */
function longestRow(values: readonly number[], limits: Limits, enough: number): readonly number[] {
  let row: number[] = [];
  for (const value of values) {
    const beyond = value > (limits.upper ?? Infinity) || value < (limits.lower ?? -Infinity);
    row = beyond ? [...row, value] : [];
    if (row.length >= enough) break;
  }
  return row;
}

function wordsOf({ upper, lower, origin }: Limits): string {
  const parts = [
    ...(lower === null ? [] : [`at least ${number(lower)}`]),
    ...(upper === null ? [] : [`at most ${number(upper)}`]),
  ];
  return `${parts.join(" and ")}${origin}`;
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = null, high = null] = [sorted[sorted.length - 1 - middle], sorted[middle]];
  return low === null || high === null ? null : (low + high) / 2;
}

function readingsIn(count: number): string {
  return count === 1 ? "1 reading" : `${count} readings`;
}

function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}
