/** What must fit together between the checks and the metrics that they read. */

import { formatDuration } from "../duration.ts";
import type { CheckOf } from "./checks.ts";
import { oneOf } from "./fields.ts";
import { nearest } from "./nearest.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./settings.ts";

export function checkedMetricsExist(settings: Settings): readonly Problem[] {
  const names = settings.metrics.map(({ name }) => name);
  return metricChecks(settings).flatMap(({ check, index }) => {
    if (names.includes(check.metric)) return [];
    const near = nearest(check.metric, names);
    const known = near === undefined ? oneOf(names) : `"${near}"`;
    const fix = names.length === 0 ? "list it under bluegreen:metrics" : `write ${known}`;
    const problem = "is the name of no metric";
    return [{ path: ["checks", index, "metric"], problem, fix, about: [["metrics"]] }];
  });
}

/** Else its source would never get the time that it is given. */
export function checkedMetricsCanBeRead(settings: Settings): readonly Problem[] {
  return metricChecks(settings).flatMap(({ check, index }) => {
    const at = settings.metrics.findIndex(({ name }) => name === check.metric);
    const timeoutMs = settings.metrics[at]?.timeoutMs ?? 0;
    if (check.deadlineMs >= timeoutMs) return [];
    const problem = "is over before the timeout of one reading";
    const fix = `write at least ${formatDuration(timeoutMs)}`;
    const about = [["metrics", at, "timeout"]];
    return [{ path: ["checks", index, "deadline"], problem, fix, about }];
  });
}

function metricChecks({ checks }: Settings): readonly {
  readonly check: CheckOf<"metric">;
  readonly index: number;
}[] {
  return checks.flatMap((check, index) => (check.kind === "metric" ? [{ check, index }] : []));
}
