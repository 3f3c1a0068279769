/** The settings of database migrations: the schemas that a release works with, and its two steps. */

import { z } from "zod";

import { hour } from "../duration.ts";
import {
  argv,
  duration,
  environmentVariables,
  filePath,
  flag,
  integer,
  optional,
} from "./fields.ts";

const version = () => integer({ min: 0, max: 1_000_000_000_000_000 });

const works = z
  .strictObject({
    from: version().describe("Lowest version of the schema that this release works with."),
    to: version().describe("Highest version of the schema that this release works with."),
  })
  .superRefine(({ from, to }, context) => {
    if (from <= to) return;
    const params = { fix: "write at least `from`" };
    const message = "is below the lowest schema";
    context.addIssue({ code: "custom", path: ["to"], message, params });
  });

const program = {
  argv: argv()
    .min(1)
    .describe("The program and its arguments; `{version}` and `{to}` are filled in."),
  timeout: duration({ min: 10, max: hour, example: "10m" })
    .prefault("10m")
    .describe("What runs longer is stopped, and has failed."),
  env: environmentVariables()
    .prefault({})
    .describe("Further environment variables; values may be secret."),
};

const expand = z.strictObject({
  to: version().describe("Version of the schema that the step leaves."),
  ...program,
  sql: z
    .array(filePath())
    .max(1_000)
    .meta({ type: "a list of files" })
    .prefault([])
    .describe("SQL that the program runs, to be looked through before; relative to the project."),
});

const contract = z.strictObject({
  to: version().describe("Version of the schema that the step leaves."),
  ...program,
});

/** The slice `bluegreen:migrations`. */
export const migrationsSchema = z.strictObject({
  works: optional(works).describe("The schemas that this release works with."),
  expand: optional(expand).describe("Run before the release is started: adds what it needs."),
  contract: optional(contract).describe(
    "Run once no former release can come back: removes what only that one needed.",
  ),
  refuseDestructive: flag()
    .prefault(false)
    .describe("Whether SQL that may take something from a release that runs stops the deployment."),
});
