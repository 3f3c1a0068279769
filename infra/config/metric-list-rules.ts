/** What must fit together between the metrics, and between them and the bake. */

import { formatDuration, hour } from "../duration.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./settings.ts";

export function metricNamesDiffer({ metrics }: Settings): readonly Problem[] {
  return metrics.flatMap(({ name }, index) => {
    if (metrics.findIndex((other) => other.name === name) === index) return [];
    const problem = "has the name of another metric";
    return [{ path: ["metrics", index, "name"], problem, fix: "give each metric its own name" }];
  });
}

/** Else a healthy source is silent between any two of its readings. */
export function silenceOutlastsReadings({ metrics }: Settings): readonly Problem[] {
  return metrics.flatMap(({ intervalMs, timeoutMs, tolerateMs }, index) => {
    const readingMs = intervalMs + timeoutMs;
    if (tolerateMs > readingMs) return [];
    const [all, longest] = [readingMs, maxTolerateMs].map(formatDuration);
    const problem = `isn't longer than interval and timeout together (${all}), so a source that answers would be silent`;
    const fix =
      readingMs < maxTolerateMs
        ? `write more than ${all}, or a shorter interval or timeout`
        : `write a shorter interval or timeout: together less than the longest tolerate, ${longest}`;
    const about = ["interval", "timeout"].map((key) => ["metrics", index, key]);
    return [{ path: ["metrics", index, "tolerate"], problem, fix, about }];
  });
}

const maxTolerateMs = hour;

/** A value that can't be judged before the bake ends would make every bake inconclusive. */
export function valuesFitIntoTheBake({ metrics, bake }: Settings): readonly Problem[] {
  if (bake.durationMs === 0) return [];
  return metrics.flatMap(({ reads, afterMs, consecutive, intervalMs }, index) => {
    const firstMs = afterMs + (consecutive - 1) * intervalMs;
    if (reads === "counts" || firstMs < bake.durationMs) return [];
    const problem = `begins to count so late that a verdict takes ${formatDuration(firstMs)}`;
    const fix = `bake longer than that, or write a shorter after or interval`;
    return [{ path: ["metrics", index, "after"], problem, fix, about: [["bake", "duration"]] }];
  });
}
