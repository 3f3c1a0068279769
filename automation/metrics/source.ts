/** What a source of a metric is: asked about one color, it says a reading, or why it has none. */

import type { Color } from "../../infra/model.ts";
import type { MetricReading } from "../rollout/metrics.ts";

/** The color that is asked about; it fills in `{color}` and `{version}`. */
export interface Subject {
  readonly color: Color;
  /** Version of its release; empty where it holds none. */
  readonly version: string;
}

/** One metric, ready to be asked. */
export interface MetricSource {
  readonly name: string;
  /** Between two readings. */
  readonly intervalMs: number;
  /** True where it is asked by color or version; false: it says the same of both colors. */
  readonly perColor?: boolean;
  /** Never rejects: what goes wrong is an error reading. Ends within the metric's timeout. */
  ask(subject: Subject, signal: AbortSignal): Promise<MetricReading>;
}

/**
 * Counts from numbers that a stranger sent.
 * @returns an error where they can't be counts
 */
export function countsReading(bad: unknown, total: unknown): MetricReading {
  const [some, all] = [numberIn(bad), numberIn(total)];
  if (some === null) return { error: "its count of bad ones is no number" };
  if (all === null) return { error: "its count of all is no number" };
  if (some < 0 || all < 0) return { error: `${some} bad of ${all} can't be counts` };
  return some > all ? { error: `${some} bad of only ${all} can't be` } : { bad: some, total: all };
}

export function valueReading(value: unknown): MetricReading {
  const read = numberIn(value);
  return read === null ? { error: "its value is no number" } : { value: read };
}

/** Numbers also come as text; null for what is no finite number. */
function numberIn(value: unknown): number | null {
  if (typeof value === "string" && value.trim() === "") return null;
  const read = typeof value === "string" ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : null;
}
