/** The settings of the local platform: how a release is started, and where its router listens. */

import { z } from "zod";

import {
  argv,
  duration,
  environmentVariables,
  filePath,
  flag,
  hostName,
  integer,
  optional,
  patterns,
} from "../../config/fields.ts";
import { nearest } from "../../config/nearest.ts";
import { refuse } from "../../config/refusal.ts";
import type { Settled } from "../../config/settled.ts";
import { minute } from "../../duration.ts";
import { defaultMaxBytes, defaultMaxFiles } from "./release-limits.ts";

/** What may stand in braces in `local.command`, and is replaced when an instance starts. */
export const placeholders = ["version", "port", "color", "instance", "node"] as const;

/** Finds `{word}`; `${word}` is left to the program that is started. */
export const placeholderPattern = /(?<!\$)\{([A-Za-z_]\w*)\}/g;

const tls = z.strictObject({
  cert: filePath("the path of a PEM file with the certificate and its chain").describe(
    "Certificate of the router.",
  ),
  key: filePath("the path of a PEM file with the private key").describe(
    "Private key of the router.",
  ),
});

/** The slice `bluegreen:local`. */
export const localSchema = z.strictObject({
  command: argv()
    .superRefine(refuseUnknownPlaceholders)
    .prefault([])
    .describe(
      "Starts one instance, with your PATH. `{port}`, `{version}`, `{color}` and `{instance}` are " +
        "filled in, and are in the environment as well; `{node}` is the Node.js that bluegreen " +
        "runs on. Required unless both colors are given.",
    ),
  cwd: filePath("the path of a folder")
    .prefault(".")
    .describe("Folder of the release's files, relative to the project."),
  include: patterns()
    .prefault([])
    .describe("Files that make up a release, relative to `cwd`; all where the list is empty."),
  exclude: patterns()
    .prefault([])
    .describe(
      "Files that are left out of a release; the project's `Pulumi*.yaml`, `.git` and `.bluegreen` always are.",
    ),
  env: environmentVariables()
    .prefault({})
    .describe("Environment variables of an instance; values may be secret."),
  instances: integer({ min: 1, max: 64 }).prefault(2).describe("Instances of a color."),
  start: duration({ min: 10, max: 60 * minute, example: "30s" })
    .prefault("30s")
    .describe("An instance that isn't healthy after this time has failed to start."),
  host: hostName().prefault("127.0.0.1").describe("Address that the router listens on."),
  port: z
    .int()
    .max(65_535)
    .superRefine(refusePortBelowOne)
    .meta({ type: "a whole number from 1 to 65535" })
    .prefault(8080)
    .describe("Port that the router listens on."),
  tls: optional(tls).describe("Makes the router speak TLS; absent: plain HTTP."),
  pause: duration({ min: 0, max: minute, example: "1500ms" })
    .prefault("0s")
    .describe(
      "At a switch new requests wait at most this long for the former color to finish what it " +
        "has open, so that the two never serve at once; `0s`: they may, and nothing waits.",
    ),
  accessLog: flag().prefault(true).describe("Whether the router writes a line for each request."),
  maxFiles: integer({ min: 1, max: 10_000_000 })
    .prefault(defaultMaxFiles)
    .describe("A release with more files is refused."),
  maxBytes: integer({ min: 1, max: 1_000_000_000_000 })
    .prefault(defaultMaxBytes)
    .describe("A release with more bytes is refused."),
});

/** Settings of the local platform after parsing; durations are milliseconds. */
export type LocalSettings = Settled<z.output<typeof localSchema>>;

function refuseUnknownPlaceholders(words: readonly string[], context: z.RefinementCtx): void {
  words.forEach((word, index) => {
    for (const [, name = ""] of word.matchAll(placeholderPattern)) {
      if (placeholders.some((known) => known === name)) continue;
      const near = nearest(name, placeholders);
      const fix =
        near === undefined
          ? `write {${placeholders.join("}, {")}}, or spaces inside the braces to keep them as they are`
          : `write {${near}}`;
      refuse(context, { path: [index], problem: "has an unknown placeholder in braces", fix });
    }
  });
}

function refusePortBelowOne(port: number, context: z.RefinementCtx): void {
  if (port > 0) return;
  const message =
    port < 0
      ? "is less than 1"
      : "would take another port at each start, so that clients lose the router";
  context.addIssue({ code: "custom", message });
}
