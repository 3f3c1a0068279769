/** The hooks that a rollout runs at its stages: a program of the user's, or a webhook. */

import { z } from "zod";

import { hour } from "../duration.ts";
import { hookStages } from "../hook-stages.ts";
import { argv, choice, duration, environmentVariables, integer, line, optional } from "./fields.ts";
import { programOrWebhook } from "./hook-rules.ts";
import { httpUrl } from "./http-url.ts";
import type { Settled } from "./settled.ts";

/** One entry of the list `bluegreen:hooks`. */
export const hookSchema = z
  .strictObject({
    stage: choice(hookStages).describe("When it runs."),
    argv: optional(argv().min(1)).describe(
      "The program and its arguments; `{color}` and `{version}` are filled in.",
    ),
    env: environmentVariables()
      .prefault({})
      .describe("Further environment variables of the program; values may be secret."),
    webhook: optional(
      httpUrl("https://hooks.example.com/rollout", "who asks is told by the signature of `secret`"),
    ).describe("Address that is asked instead, by POST."),
    secret: optional(line("a text on one line", 1_000)).describe(
      "Key of the webhook's signature, at least 16 characters; it may be secret.",
    ),
    timeout: duration({ min: 10, max: hour, example: "30s" })
      .prefault("30s")
      .describe("What takes longer is stopped, and has refused."),
    retries: integer({ min: 0, max: 100 })
      .prefault(0)
      .describe("Further attempts after one that ended badly; `FAILED` is final."),
    onFailure: choice(["stop", "continue"])
      .prefault("stop")
      .describe("What a refusal does to the rollout; `continue`: it is only told."),
  })
  .superRefine(programOrWebhook);

/** One hook as it is written; times are milliseconds. */
export type Hook = Settled<z.output<typeof hookSchema>>;
