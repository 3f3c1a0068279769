/** The checks that measure the idle color: a burst of requests, a metric, its size. */

import { z } from "zod";

import { hour, minute } from "../duration.ts";
import { attempts, headers, name, runs } from "./check-fields.ts";
import {
  answersInTime,
  asksEveryPath,
  coversOneBurst,
  limitsAreInOrder,
  limitsTheValue,
} from "./check-rules.ts";
import { duration, fraction, integer, line, optional, urlPath } from "./fields.ts";

export const loadCheck = z
  .strictObject({
    kind: z.literal("load").describe("Sends a short burst of requests to the instances."),
    name,
    paths: z
      .array(urlPath())
      .min(1)
      .max(100)
      .meta({ type: 'a list of paths, such as ["/", "/products"]' })
      .describe("What is asked for, in turn, by GET."),
    headers,
    ratePerSecond: integer({ min: 1, max: 1_000 })
      .prefault(20)
      .describe("Requests per second to all instances together."),
    for: duration({ min: 100, max: 5 * minute, example: "10s" })
      .prefault("10s")
      .describe("How long requests are sent."),
    concurrency: integer({ min: 1, max: 256 })
      .prefault(16)
      .describe("Requests at once; what must wait for this too long isn't sent, and has failed."),
    errors: fraction({ min: 0, max: 0.5 })
      .prefault(0)
      .describe("Share of requests that may fail: no answer, or a status other than 2xx and 3xx."),
    within: duration({ min: 0, max: 5 * minute, example: "300ms" })
      .prefault("0s")
      .describe("Longest that the `quantile` of right answers may take; `0s`: any time."),
    quantile: fraction({ min: 0.5, max: 0.999 })
      .prefault(0.99)
      .describe("Share of the right answers that must come `within`."),
    timeout: attempts.timeout.describe("An answer that takes longer has failed."),
    retries: runs.retries.describe("Further bursts after one that failed."),
    deadline: runs.deadline.describe(
      "All bursts must end by then; `0s`: as long as they may take.",
    ),
  })
  .superRefine(coversOneBurst)
  .superRefine(asksEveryPath)
  .superRefine(answersInTime);

const limit = () => optional(z.number().meta({ type: "a number" }));

export const metricCheck = z
  .strictObject({
    kind: z.literal("metric").describe("Reads one of `bluegreen:metrics` about the color."),
    name,
    metric: line("the name of a metric", 60).describe("Name of the metric in `bluegreen:metrics`."),
    atMost: limit().describe("Highest that is right; of counts: share of bad ones."),
    atLeast: limit().describe("Lowest that is right; of counts: share of bad ones."),
    deadline: duration({ min: 10, max: hour, example: "30s" })
      .prefault("30s")
      .describe("It is read again until it is right, or until then."),
  })
  .superRefine(limitsTheValue)
  .superRefine(limitsAreInOrder);

export const capacityCheck = z.strictObject({
  kind: z.literal("capacity").describe("Counts the instances that are ready."),
  name,
  atLeast: optional(numberOrShare()).describe(
    "Instances that must be ready, or a share of those that the active color has (first release: " +
      "that are configured); absent: as many as those.",
  ),
  retries: attempts.retries,
  deadline: attempts.deadline,
});

/** A whole number, or a share in percent. */
function numberOrShare() {
  const error = "is neither a number of instances nor a share of them";
  const share = z.string().regex(/^([1-9]\d{0,2}|1000)%$/);
  return z
    .union([z.int().min(1).max(1_000), share], { error })
    .meta({ type: 'a whole number from 1 to 1000, or a share from 1% to 1000%, such as "150%"' });
}
