/** The fields that several kinds of checks share. */

import { hour, minute } from "../duration.ts";
import { duration, environmentVariables, integer, line, optional } from "./fields.ts";
import { requestHeaders } from "./request-headers.ts";

export const name = optional(line("a name on one line", 100)).describe(
  "Name in reports; absent: its kind and what it asks.",
);

export const attempts = {
  timeout: duration({ min: 10, max: 5 * minute, example: "2s" })
    .prefault("2s")
    .describe("An answer that takes longer is a failed attempt."),
  retries: integer({ min: 0, max: 100 })
    .prefault(2)
    .describe("Further attempts after one that failed."),
  deadline: duration({ min: 10, max: hour, example: "30s" })
    .prefault("30s")
    .describe("All attempts must end by then."),
};

/** A program may change something, so it isn't run again unless somebody says so. */
export const runs = {
  timeout: duration({ min: 10, max: hour, example: "30s" })
    .prefault("30s")
    .describe("What runs longer is stopped, and has failed."),
  retries: integer({ min: 0, max: 100 })
    .prefault(0)
    .describe("Further runs after one that failed."),
  deadline: duration({ min: 0, max: hour, example: "5m" })
    .prefault("0s")
    .describe("All runs must end by then; `0s`: as long as they may take."),
};

export const headers = requestHeaders()
  .prefault({})
  .describe("Headers of the request; values may be secret.");

export const env = environmentVariables()
  .prefault({})
  .describe("Further environment variables; values may be secret.");
