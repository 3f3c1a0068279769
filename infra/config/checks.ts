/** The checks that the idle color must pass: one object schema per kind. */

import { z } from "zod";

import { hour, minute } from "../duration.ts";
import type { Duration } from "../duration.ts";
import type { Settled } from "./settled.ts";
import {
  argv,
  duration,
  environmentVariables,
  headerName,
  integer,
  line,
  optional,
  statuses,
  urlPath,
} from "./fields.ts";

const name = optional(line("a name on one line", 100)).describe(
  "Name in reports; absent: its kind and what it asks.",
);

const attempts = {
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

const http = z
  .strictObject({
    kind: z.literal("http").describe("Asks for a path and looks at the status."),
    name,
    path: urlPath().describe("Path to ask for."),
    statuses: statuses().prefault([200]).describe("Status codes that pass."),
    ...attempts,
  })
  .superRefine(coverOneAttempt);

const version = z
  .strictObject({
    kind: z.literal("version").describe("Asks which release answers."),
    name,
    path: urlPath().prefault("/version").describe("Path to ask for."),
    json: optional(
      line(`a field's name or a JSON pointer, such as "version" or "/app/version"`, 200),
    ).describe("Where the version is in a JSON body; absent: `version`, unless `header` is set."),
    header: optional(headerName()).describe("Response header that holds the version."),
    expect: optional(line("a text on one line", 200)).describe(
      "Version that passes; absent: the release's.",
    ),
    ...attempts,
  })
  .superRefine(coverOneAttempt)
  .superRefine(readOnePlace);

const command = z.strictObject({
  kind: z.literal("command").describe("Runs a program; exit code 0 passes."),
  name,
  argv: argv().min(1).describe("The program and its arguments."),
  env: environmentVariables()
    .prefault({})
    .describe("Further environment variables; values may be secret."),
  timeout: duration({ min: 10, max: hour, example: "30s" })
    .prefault("30s")
    .describe("A program that runs longer is stopped, and has failed."),
});

/** The checks that a settings file lists under `bluegreen:checks`. */
export const checkSchema = z.discriminatedUnion("kind", [http, version, command]);

type Named<T> = T extends unknown ? Omit<T, "name"> & { readonly name: string } : never;

/** One check, ready to run; times are milliseconds. */
export type Check = Named<Settled<z.output<typeof checkSchema>>>;
export type CheckKind = Check["kind"];
export type CheckOf<K extends CheckKind> = Extract<Check, { kind: K }>;

/** Gives a check the name that it has in reports. */
export function namedCheck(check: Settled<z.output<typeof checkSchema>>): Check {
  return { ...check, name: check.name ?? `${check.kind} ${subject(check)}` };
}

interface Attempts {
  readonly timeout: Duration;
  readonly deadline: Duration;
}

function coverOneAttempt({ timeout, deadline }: Attempts, context: z.RefinementCtx): void {
  if (deadline.ms >= timeout.ms) return;
  const message = "is over before the timeout of one attempt";
  const params = { fix: "write at least the timeout" };
  context.addIssue({ code: "custom", path: ["deadline"], message, params });
}

interface Places {
  readonly json: string | null;
  readonly header: string | null;
}

function readOnePlace({ json, header }: Places, context: z.RefinementCtx): void {
  if (json === null || header === null) return;
  const message = "is a second place to read the version from";
  const params = { fix: "write either json or header" };
  context.addIssue({ code: "custom", path: ["header"], message, params });
}

function subject(check: Settled<z.output<typeof checkSchema>>): string {
  return check.kind === "command" ? (check.argv[0] ?? "") : check.path;
}
