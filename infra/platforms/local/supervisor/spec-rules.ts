/** Refuses a spec that could never run, with all of its problems at once. */

import { z } from "zod";

import { BlueGreenError } from "../../../errors.ts";
import { specSchema } from "./color-spec.ts";
import type { ColorSpec } from "./color-spec.ts";

const hourMs = 3_600_000;
const duration = z.int().min(1).max(hourMs);
/** The operating system ends strings at a NUL byte. */
const plainText = z.string().regex(/^[^\0]*$/, "holds a NUL byte");

const shape: z.ZodType<ColorSpec> = z.strictObject({
  schema: z.literal(specSchema),
  color: z.enum(["blue", "green"]),
  version: plainText.min(1),
  digest: z.string().min(1),
  releaseDir: plainText.startsWith("/", "must be an absolute path"),
  command: z.tuple([plainText.min(1)], plainText),
  env: z.record(z.string().regex(/^[^=\0]+$/, "isn't the name of a variable"), plainText),
  instances: z.int().min(1).max(100),
  host: z.literal("127.0.0.1"),
  health: z.strictObject({
    path: z.string().regex(/^\/[\x21-\x7e]*$/, "must start with / and hold no spaces"),
    statuses: z.array(z.int().min(100).max(599)).min(1),
    timeoutMs: duration,
    intervalMs: duration,
  }),
  startMs: duration,
  drainMs: z.int().min(0).max(hourMs),
  rolloutId: z.string().min(1),
  ports: z.strictObject({ first: z.int().min(1).max(65_535), setting: z.string() }).optional(),
  logs: z.strictObject({ maxBytes: z.int().min(1024), keep: z.int().min(1).max(100) }).optional(),
});

/**
 * The spec, when it is one.
 *
 * @throws BlueGreenError SETTINGS_INVALID with one detail per problem.
 */
export function parseSpec(value: unknown): ColorSpec {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map(
    (issue) => `local.${issue.path.map(String).join(".")}: ${issue.message}`,
  );
  throw new BlueGreenError("SETTINGS_INVALID", "What the color shall run isn't valid.", {
    details,
  });
}
