/** The metrics that a bake is judged by besides errors and latency: one object schema per source. */

import { z } from "zod";

import { hour, minute, second } from "../duration.ts";
import {
  argv,
  choice,
  duration,
  environmentVariables,
  fraction,
  integer,
  line,
  optional,
  word,
} from "./fields.ts";
import { httpUrl } from "./http-url.ts";
import { countsOrValue, limitsFitPlaces, limitsFitWhatIsRead } from "./metric-rules.ts";
import { requestHeaders } from "./request-headers.ts";
import type { Settled } from "./settled.ts";

const name = word(
  `letters, digits and ". _ -", but not "errors" or "latency"`,
  /^(?!(errors|latency)$)[A-Za-z0-9][\w.-]*$/,
  60,
).describe("Name in verdicts and reports.");

const number = () => z.number().meta({ type: "a number" });

const judging = {
  interval: duration({ min: 100, max: hour, example: "10s" })
    .prefault("10s")
    .describe("Time between two readings."),
  timeout: duration({ min: 10, max: minute, example: "5s" })
    .prefault("5s")
    .describe("An answer that takes longer is no reading."),
  tolerate: duration({ min: second, max: hour, example: "1m" })
    .prefault("1m")
    .describe("Without a reading for longer than this, the bake can't pass."),
  budget: optional(fraction({ min: 0.000_001, max: 0.5 })).describe(
    "Of counts: share of bad ones that is normal; 10 times it fails a release without history; absent: `bake.errorBudget`.",
  ),
  detect: optional(fraction({ min: 0.001, max: 1 })).describe(
    "Of counts: share of bad ones that must be noticed for a pass; absent: `bake.detect`.",
  ),
  upper: optional(number()).describe("Of a value: highest that is right."),
  lower: optional(number()).describe("Of a value: lowest that is right."),
  ofFormer: optional(fraction({ min: 0.01, max: 100 })).describe(
    "Of a value: the limit as a share of the former color's median before the switch.",
  ),
  better: choice(["lower", "higher"])
    .prefault("lower")
    .describe("Of a value: whether `ofFormer` is a highest (`lower`) or a lowest (`higher`)."),
  consecutive: integer({ min: 1, max: 100 })
    .prefault(3)
    .describe("Of a value: readings in a row beyond a limit that are a fail."),
  after: duration({ min: 0, max: hour, example: "1m" })
    .prefault("1m")
    .describe("Of a value: time after the switch in which it says nothing yet."),
};

/** How a metric is judged, wherever it comes from. */
export const judgingSchema = z.strictObject(judging);

const headers = requestHeaders()
  .prefault({})
  .describe("Headers of the request; values may be secret.");

const query = (meaning: string) =>
  optional(line("a query on one line", 4_000)).describe(
    `${meaning}; \`{color}\` and \`{version}\` are filled in.`,
  );

const place = (meaning: string) =>
  optional(line(`a field's name or a JSON pointer, such as "/orders/failed"`, 200)).describe(
    meaning,
  );

const prometheus = z
  .strictObject({
    kind: z.literal("prometheus").describe("Asks a Prometheus server, or what speaks its API."),
    name,
    url: httpUrl().describe("Address of the server, with a path if it has one."),
    bad: query("Counter of the bad ones"),
    total: query("Counter of all"),
    value: query("One value, instead of counts"),
    headers,
    ...judging,
  })
  .superRefine(countsOrValue)
  .superRefine(limitsFitPlaces);

const json = z
  .strictObject({
    kind: z.literal("json").describe("Reads numbers from a JSON document."),
    name,
    url: httpUrl().describe("Address of the document; `{color}` and `{version}` are filled in."),
    bad: place("Where the count of bad ones is"),
    total: place("Where the count of all is"),
    value: place("Where one value is, instead of counts"),
    headers,
    ...judging,
  })
  .superRefine(countsOrValue)
  .superRefine(limitsFitPlaces);

const command = z
  .strictObject({
    kind: z.literal("command").describe("Runs a program that prints JSON on its last line."),
    name,
    argv: argv()
      .min(1)
      .describe("The program and its arguments; `{color}` and `{version}` are filled in."),
    prints: choice(["counts", "value"]).describe(
      '`counts`: `{"bad": 1, "total": 200}`, which only grow; `value`: `{"value": 12.5}`.',
    ),
    env: environmentVariables()
      .prefault({})
      .describe("Further environment variables; values may be secret."),
    ...judging,
  })
  .superRefine((metric, context) => {
    limitsFitWhatIsRead(metric, { counts: metric.prints === "counts" }, context);
  });

/** The metrics that a settings file lists under `bluegreen:metrics`. */
export const metricSchema = z.discriminatedUnion("kind", [prometheus, json, command]);

type Written = Settled<z.output<typeof metricSchema>>;
type Reading<T> = T extends unknown ? T & { readonly reads: "counts" | "value" } : never;

/** One metric, ready to be read; times are milliseconds. */
export type Metric = Reading<Written>;
export type MetricKind = Metric["kind"];
export type MetricOf<K extends MetricKind> = Extract<Metric, { kind: K }>;

/** Tells what a metric's source says: counts of bad ones among all, or one value. */
export function readyMetric(metric: Written): Metric {
  if (metric.kind === "command") return { ...metric, reads: metric.prints };
  return { ...metric, reads: metric.value === null ? "counts" : "value" };
}
