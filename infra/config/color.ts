/** The settings of a color component of the user's own. */

import { z } from "zod";

import { minute } from "../duration.ts";
import { duration, environmentVariables, integer, optional, scriptFile } from "./fields.ts";

/** The slice `bluegreen:color`. */
export const colorSchema = z.strictObject({
  file: optional(scriptFile("./infra/shop-color.ts")).describe(
    "File whose default export makes a color, relative to the project; absent: the platform does.",
  ),
  with: z
    .record(z.string(), z.unknown())
    .meta({ type: "a map of anything" })
    .prefault({})
    .describe("What the component gets as `args.with`; part of the release."),
  secrets: environmentVariables()
    .prefault({})
    .describe("What it gets as `args.secrets`, each as a secret output; part of the release."),
  size: integer({ min: 1, max: 1_000 })
    .prefault(2)
    .describe("What it gets as `args.size`: how many instances it is to make."),
  start: duration({ min: 0, max: 60 * minute, example: "2m" })
    .prefault("2m")
    .describe(
      "Its addresses that aren't healthy after this time have failed to start; `0s`: nothing waits.",
    ),
});
