/** The shape of the settings: each key with its type, limits, default and meaning. */

import { z } from "zod";

import { hour, minute, second } from "../duration.ts";
import { localSchema } from "../platforms/local/settings.ts";
import { proxySchema } from "../platforms/proxy/settings.ts";
import { applicationForm, applicationMaxLength } from "../state-dir.ts";
import { checkSchema } from "./checks.ts";
import { colorSchema } from "./color.ts";
import { freezeSchema } from "./freeze.ts";
import { holdSchema } from "./hold.ts";
import { hookSchema } from "./hooks.ts";
import { metricSchema } from "./metrics.ts";
import { migrationsSchema } from "./migrations.ts";
import { notifySchema } from "./notify.ts";
import { shiftSchema } from "./shift.ts";
import { warmupSchema } from "./warmup.ts";
import {
  address,
  choice,
  duration,
  flag,
  fraction,
  integer,
  optional,
  statuses,
  urlPath,
  version,
  word,
} from "./fields.ts";

/** One line per platform: its name, which is also the key of its slice, and the slice's schema. */
export const platformSchemas = { local: localSchema, proxy: proxySchema } as const;

export type PlatformName = keyof typeof platformSchemas;
export const platformNames = ["local", "proxy"] as const satisfies readonly PlatformName[];

const timeout = () => duration({ min: 10, max: minute, example: "2s" }).prefault("2s");

const health = z.strictObject({
  path: urlPath().prefault("/healthz").describe("Path that tells whether an instance is healthy."),
  statuses: statuses().prefault([200]).describe("Status codes of a healthy instance."),
  timeout: timeout().describe("An answer that takes longer counts as unhealthy."),
  interval: duration({ min: 10, max: minute, example: "500ms" })
    .prefault("500ms")
    .describe("Time between two looks at an instance."),
});

const probe = z.strictObject({
  path: optional(urlPath()).describe(
    "Path that probes ask for through the router; absent: `health.path`.",
  ),
  count: integer({ min: 1, max: 1_000 })
    .prefault(5)
    .describe("Probes in a row that the new color must answer before a switch is done."),
  ratePerSecond: integer({ min: 1, max: 1_000 })
    .prefault(20)
    .describe("Probes per second during a switch."),
  timeout: timeout().describe("A probe that takes longer has failed."),
});

const latency = z.strictObject({
  enabled: flag()
    .prefault(true)
    .describe("Whether latency is judged, where the router measures it."),
  quantile: fraction({ min: 0.5, max: 0.999 })
    .prefault(0.95)
    .describe("A reply is slow when it takes longer than this share of the former color's."),
  detect: fraction({ min: 0.01, max: 1 })
    .prefault(0.5)
    .describe("Share of slow replies that a bake must be able to notice before it may pass."),
  ignoreBelow: duration({ min: 0, max: minute, example: "20ms" })
    .prefault("20ms")
    .describe("A reply that takes no longer than this is never slow."),
  after: duration({ min: 0, max: hour, example: "5s" })
    .prefault("5s")
    .describe("Time after the switch in which slow replies don't count: caches fill."),
});

const synthetic = z.strictObject({
  enabled: flag()
    .prefault(true)
    .describe("Whether requests of our own are sent where the users' don't suffice."),
  paths: z
    .array(urlPath())
    .max(20)
    .meta({ type: 'a list of paths, such as ["/", "/products"]' })
    .prefault([])
    .describe("What they GET, in turn, through the public address; empty: `probe.path`."),
  ratePerSecond: optional(integer({ min: 1, max: 1_000 })).describe(
    "How many a second at most; absent: `probe.ratePerSecond`.",
  ),
});

export const bakeSchema = z.strictObject({
  duration: duration({ min: 0, max: 24 * hour, example: "5m" })
    .prefault("30s")
    .describe("How long a release is watched after the switch; `0s`: not at all."),
  interval: duration({ min: 10, max: 10 * minute, example: "2s" })
    .prefault("2s")
    .describe("Time between two judgements."),
  alpha: fraction({ min: 0.000_001, max: 0.5 })
    .prefault(0.01)
    .describe("Highest probability that a good release is rolled back."),
  detect: fraction({ min: 0.001, max: 1 })
    .prefault(0.1)
    .describe("Error rate that a bake must be able to notice before it may pass."),
  errorBudget: fraction({ min: 0.000_001, max: 0.5 })
    .prefault(0.001)
    .describe(
      "Error rate that is normal; a release fails above 10 times it, where the former color has no history.",
    ),
  latency: latency.prefault({}).describe("How latency is judged."),
  synthetic: synthetic
    .prefault({})
    .describe("Requests of our own while a release is judged, for quiet services."),
});

const givenColor = z.strictObject({
  addresses: z
    .array(address())
    .min(1)
    .max(1_000)
    .meta({ type: "a list of host:port" })
    .describe("Instances of the color."),
  version: optional(version()).describe("Release that runs there."),
});

const given = z.strictObject({
  blue: optional(givenColor).describe("The blue color, when somebody else manages it."),
  green: optional(givenColor).describe("The green color, when somebody else manages it."),
});

const environmentForm = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$(?<!blue|green)/;

/** All keys of the namespace `bluegreen`. */
export const shape = z.strictObject({
  environment: word(
    `the stack's name: lower-case letters, digits and "-", not ending in "blue" or "green"`,
    environmentForm,
    60,
  ).describe("Name of the environment; it must match the stack."),
  application: optional(
    word(`letters, digits and ". _ -"`, applicationForm, applicationMaxLength),
  ).describe("Name of the application, for messages and reports."),
  platform: choice(platformNames).prefault("local").describe("What the colors run on."),
  activeColor: optional(choice(["blue", "green", "none"])).describe(
    "The color that gets the traffic. Changing it is the switch; `none` moves nothing.",
  ),
  generation: optional(integer({ min: 0, max: 1_000_000_000 })).describe(
    "Counts the switches. Written by `bluegreen`; guards against stale checkouts.",
  ),
  version: optional(version()).describe("Release for `pulumi up` by hand and default of `deploy`."),
  health: health.prefault({}).describe("How an instance's health is told."),
  checks: z
    .array(checkSchema)
    .max(100)
    .meta({ type: "a list of checks" })
    .prefault([])
    .describe("What the idle color must pass before it gets traffic."),
  warmup: warmupSchema.prefault({}).describe("Requests that make the idle color warm first."),
  hooks: z
    .array(hookSchema)
    .max(100)
    .meta({ type: "a list of hooks" })
    .prefault([])
    .describe("What else a rollout runs or asks at its stages, and what may refuse it."),
  probe: probe.prefault({}).describe("Requests of our own that count what a switch costs."),
  bake: bakeSchema.prefault({}).describe("How a release is judged under real traffic."),
  metrics: z
    .array(metricSchema)
    .max(50)
    .meta({ type: "a list of metrics" })
    .prefault([])
    .describe("What a bake is judged by besides errors and latency."),
  notify: z
    .array(notifySchema)
    .max(20)
    .meta({ type: "a list of targets" })
    .prefault([])
    .describe("Whom a rollout tells how it goes."),
  rollbackWindow: duration({ min: 0, max: 720 * hour, example: "30m" })
    .prefault("30m")
    .describe("How long the former color is kept after a switch."),
  hold: holdSchema.prefault({}).describe("How much of the former color is kept until then."),
  claim: duration({ min: second, max: 24 * hour, example: "30m" })
    .prefault("30m")
    .describe("How long a rollout reserves the idle color."),
  drain: duration({ min: 0, max: hour, example: "10s" })
    .prefault("10s")
    .describe("Time that requests in flight get to end before an instance is stopped."),
  switchWithin: duration({ min: 100, max: 10 * minute, example: "10s" })
    .prefault("10s")
    .describe("A switch that isn't seen in the data plane by then is taken back."),
  freeze: freezeSchema.prefault({}).describe("When traffic mustn't be switched."),
  gate: choice(["automatic", "manual"])
    .prefault("automatic")
    .describe("Who permits the switch after the checks; `manual`: `bluegreen approve`."),
  gateWithin: duration({ min: minute, max: 720 * hour, example: "24h" })
    .prefault("24h")
    .describe("A rollout that nobody permits within this time is given up."),
  whileRollingOut: choice(["reject", "replace"])
    .prefault("reject")
    .describe(
      "Whether a deploy takes the place of another release's rollout before its switch, or is refused.",
    ),
  shift: shiftSchema.prefault({}).describe("How traffic moves to a new color."),
  migrations: migrationsSchema.prefault({}).describe("How the database's schema changes."),
  given: given.prefault({}).describe("Colors that somebody else manages."),
  color: colorSchema.prefault({}).describe("A component of your own that makes the colors."),
  local: platformSchemas.local.prefault({}).describe("Settings of the platform `local`."),
  proxy: platformSchemas.proxy.prefault({}).describe("Settings of the platform `proxy`."),
});
