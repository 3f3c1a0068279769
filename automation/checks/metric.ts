/** The check `metric`: a metric's source says of the color what is within limits. */

import type { CheckOf } from "../../infra/config.ts";
import { percent } from "../rollout/evidence-sentence.ts";
import type { MetricReading } from "../rollout/metrics.ts";
import type { CheckKindOf } from "./check.ts";
import type { Outcome } from "./finding.ts";

type MetricCheck = CheckOf<"metric">;

/** More than any deadline has room for. */
const untilDeadline = 1_000;

export const metricCheck: CheckKindOf<"metric"> = {
  kind: "metric",
  describe: (check) => `${check.metric} is ${allowedBy(check)}`,
  plan: ({ deadlineMs }) => ({ retries: untilDeadline, deadlineMs }),
  run: async (check, { color, version, metrics, signal }) => {
    const source = metrics.find(({ name }) => name === check.metric);
    const reading = (await source?.ask({ color, version }, signal)) ?? { error: "nobody reads it" };
    return judgeReading(check, color, reading);
  },
};

/** No reading is never a pass. */
export function judgeReading(
  check: Pick<MetricCheck, "metric" | "atMost" | "atLeast">,
  color: string,
  reading: MetricReading,
): Outcome {
  const subject = `${check.metric} of ${color}`;
  if ("error" in reading) {
    const sentence = `${subject} can't be read: ${reading.error}`;
    return { verdict: "error", sentence, evidence: "" };
  }
  const evidence = JSON.stringify(reading);
  if ("total" in reading && reading.total === 0) {
    return { verdict: "error", sentence: `${subject} has counted nothing yet`, evidence };
  }
  const value = "value" in reading ? reading.value : reading.bad / reading.total;
  const { atMost, atLeast } = check;
  const right = value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
  const shown =
    "value" in reading ? `${value}` : `${reading.bad} bad of ${reading.total} (${percent(value)})`;
  const sentence = `${subject} is ${shown}, ${allowedBy(check)} allowed`;
  return { verdict: right ? "pass" : "fail", sentence, evidence };
}

function allowedBy({ atMost, atLeast }: Pick<MetricCheck, "atMost" | "atLeast">): string {
  const least = atLeast === null ? [] : [`at least ${atLeast}`];
  const most = atMost === null ? [] : [`at most ${atMost}`];
  return [...least, ...most].join(" and ");
}
