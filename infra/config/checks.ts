/** The checks that the idle color must pass: one object schema per kind. */

import { z } from "zod";

import { minute } from "../duration.ts";
import type { Settled } from "./settled.ts";
import { attempts, env, headers, name, runs } from "./check-fields.ts";
import {
  answersHaveBodies,
  answersInTime,
  coversOneAttempt,
  readsOnePlace,
} from "./check-rules.ts";
import {
  argv,
  choice,
  duration,
  freeText,
  headerName,
  integer,
  line,
  optional,
  scriptFile,
  statuses,
  urlPath,
  word,
} from "./fields.ts";
import { capacityCheck, loadCheck, metricCheck } from "./measuring-checks.ts";

const place = `a field's name or a JSON pointer, such as "version" or "/app/version"`;

const http = z
  .strictObject({
    kind: z.literal("http").describe("Asks for a path and looks at the answer."),
    name,
    path: urlPath().describe("Path to ask for."),
    method: choice(["GET", "HEAD"]).prefault("GET").describe("How to ask; `HEAD` gets no body."),
    headers,
    statuses: statuses()
      .prefault([200])
      .describe("Status codes that pass; redirects aren't followed."),
    contentType: optional(
      word(`a media type, such as "application/json"`, /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/, 100),
    ).describe("Media type that the answer must have; its parameters don't count."),
    contains: optional(freeText("a text", 1_000)).describe("Text that the body must contain."),
    json: z
      .record(z.string().min(1).max(200), scalar())
      .meta({ type: "a map of places to values" })
      .prefault({})
      .describe(`Values that a JSON body must have, by ${place}; they are compared as text.`),
    within: duration({ min: 0, max: 5 * minute, example: "300ms" })
      .prefault("0s")
      .describe("A right answer that took longer is too slow; `0s`: only the timeout counts."),
    ...attempts,
  })
  .superRefine(coversOneAttempt)
  .superRefine(answersHaveBodies)
  .superRefine(answersInTime);

const health = z
  .strictObject({
    kind: z
      .literal("health")
      .describe("Asks for a health document in JSON: no part of it may be down."),
    name,
    path: urlPath().prefault("/health").describe("Path to ask for."),
    headers,
    require: z
      .array(line("a name on one line", 100))
      .max(100)
      .meta({ type: 'a list of names, such as ["database", "cache"]' })
      .prefault([])
      .describe(
        "Dependencies that must be in it and up, while others may be down; " +
          "empty: none may be down.",
      ),
    ...attempts,
  })
  .superRefine(coversOneAttempt);

const tcp = z
  .strictObject({
    kind: z.literal("tcp").describe("Connects to each instance."),
    name,
    port: optional(integer({ min: 1, max: 65_535 })).describe(
      "Port of the instance's host; absent: the instance's own.",
    ),
    send: optional(freeText("a text", 1_000)).describe("What to say then; absent: nothing."),
    expect: optional(freeText("a text", 1_000)).describe(
      "How the answer must begin; absent: none is waited for.",
    ),
    ...attempts,
  })
  .superRefine(coversOneAttempt);

const version = z
  .strictObject({
    kind: z.literal("version").describe("Asks which release answers."),
    name,
    path: urlPath().prefault("/version").describe("Path to ask for."),
    json: optional(line(place, 200)).describe(
      "Where the version is in a JSON body; absent: `version`, unless `header` is set.",
    ),
    header: optional(headerName()).describe("Response header that holds the version."),
    expect: optional(line("a text on one line", 200)).describe(
      "Version that passes; absent: the release's.",
    ),
    ...attempts,
  })
  .superRefine(coversOneAttempt)
  .superRefine(readsOnePlace);

const command = z
  .strictObject({
    kind: z.literal("command").describe("Runs a program; exit code 0 passes."),
    name,
    argv: argv().min(1).describe("The program and its arguments."),
    env,
    ...runs,
  })
  .superRefine(coversOneAttempt);

const custom = z
  .strictObject({
    kind: z.literal("custom").describe("Runs a check of your own, written in TypeScript."),
    name,
    file: scriptFile("./checks/orders.ts").describe(
      "File that exports the check, relative to the project.",
    ),
    env,
    ...runs,
  })
  .superRefine(coversOneAttempt);

/** The checks that a settings file lists under `bluegreen:checks`. */
export const checkSchema = z.discriminatedUnion("kind", [
  http,
  health,
  tcp,
  version,
  loadCheck,
  metricCheck,
  capacityCheck,
  command,
  custom,
]);

type Named<T> = T extends unknown ? Omit<T, "name"> & { readonly name: string } : never;
type Unnamed = Settled<z.output<typeof checkSchema>>;

/** One check, ready to run; times are milliseconds. */
export type Check = Named<Unnamed>;
export type CheckKind = Check["kind"];
export type CheckOf<K extends CheckKind> = Extract<Check, { kind: K }>;

/** Gives a check the name that it has in reports. */
export function namedCheck(check: Unnamed): Check {
  return { ...check, name: check.name ?? `${check.kind} ${subject(check)}` };
}

function subject(check: Unnamed): string {
  switch (check.kind) {
    case "command":
      return check.argv[0] ?? "";
    case "custom":
      return check.file;
    case "tcp":
      return check.port === null ? "to the instances" : `to port ${check.port}`;
    case "load":
      return check.paths.join(" ");
    case "metric":
      return check.metric;
    case "capacity":
      return "of the color";
    default:
      return check.path;
  }
}

function scalar() {
  const error = "isn't one value";
  return z
    .union([z.string().max(1_000), z.number(), z.boolean()], { error })
    .meta({ type: "a text, a number, true or false" });
}
