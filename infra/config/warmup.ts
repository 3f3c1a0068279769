/** The settings of the warm-up: what the idle color is asked for before its checks. */

import { z } from "zod";

import { hour, minute } from "../duration.ts";
import { duration, integer, urlPath } from "./fields.ts";

/** The slice `bluegreen:warmup`. */
export const warmupSchema = z.strictObject({
  paths: z
    .array(urlPath())
    .max(100)
    .meta({ type: 'a list of paths, such as ["/", "/products"]' })
    .prefault([])
    .describe("What each instance is asked for before the checks; empty: no warm-up."),
  within: duration({ min: 100, max: hour, example: "30s" })
    .prefault("30s")
    .describe("The warm-up ends then, steady or not."),
  concurrency: integer({ min: 1, max: 64 })
    .prefault(4)
    .describe("Requests at once to each instance."),
  timeout: duration({ min: 10, max: minute, example: "5s" })
    .prefault("5s")
    .describe("A request that takes longer is given up."),
});
