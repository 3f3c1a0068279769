/** Parses the settings around what is wrong with them, so that rules can speak of the rest. */

import assert from "node:assert/strict";
import type { z } from "zod";

import { problemsOf } from "./issues.ts";
import type { Path } from "./path.ts";
import { shape } from "./shape.ts";

export type Parsed = z.output<typeof shape>;

/** Stands for a missing environment while the rest is judged. */
const anyEnvironment = "unknown";

/**
 * Leaves out the values at the paths, so that their defaults stand in for them. What then is
 * incomplete, such as a map without a required key, is left out as well, from the inside out.
 */
export function parseAround(
  values: Readonly<Record<string, unknown>>,
  wrong: readonly Path[],
): {
  readonly parsed: Parsed;
  readonly leftOut: readonly Path[];
} {
  const leftOut: Path[] = wrong.map(outsideLists);
  for (let round = 0; round < 10; round += 1) {
    const trimmed = without(values, leftOut);
    const result = shape.safeParse({ environment: anyEnvironment, ...trimmed });
    if (result.success) return { parsed: result.data, leftOut };
    const more = result.error.issues.flatMap((issue) => problemsOf(issue, trimmed));
    const parents = more.map(({ path }) => outsideLists(path).slice(0, -1));
    leftOut.push(...parents.filter((path) => path.length > 0));
  }
  return assert.fail("settings that are left out can't be wrong");
}

/** Entries of a list aren't left out alone: the others would change their places. */
function outsideLists(path: Path): Path {
  const index = path.findIndex((part) => typeof part === "number");
  return index === -1 ? path : path.slice(0, index);
}

function without(
  values: Readonly<Record<string, unknown>>,
  paths: readonly Path[],
): Record<string, unknown> {
  const copy = structuredClone(values) as Record<string, unknown>;
  for (const path of paths) {
    let parent: unknown = copy;
    for (const part of path.slice(0, -1)) {
      parent = (parent as Record<string, unknown> | undefined)?.[String(part)];
    }
    if (typeof parent !== "object" || parent === null) continue;
    Reflect.deleteProperty(parent, String(path.at(-1)));
  }
  return copy;
}
