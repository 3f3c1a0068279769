/** What must fit together between the metrics, and between them and the bake. */

import { formatDuration } from "../duration.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./settings.ts";

export function metricNamesDiffer({ metrics }: Settings): readonly Problem[] {
  return metrics.flatMap(({ name }, index) => {
    if (metrics.findIndex((other) => other.name === name) === index) return [];
    const problem = "has the name of another metric";
    return [{ path: ["metrics", index, "name"], problem, fix: "give each metric its own name" }];
  });
}

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
