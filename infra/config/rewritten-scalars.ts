/** Finds values that the engine reads as something else than what stands in the file. */

import { isMap, isScalar, isSeq } from "yaml";
import type { Scalar } from "yaml";

import { fieldAt } from "./field-tree.ts";
import type { Path } from "./path.ts";
import type { Problem } from "./problems.ts";

/**
 * The engine reads YAML 1.1 numbers and dates and hands on what they mean: `1.10` as a version
 * arrives as "1.1", `010` as 8, `2026-01-31` as a point in time. Quotes prevent that.
 */
export function rewrittenScalars(node: unknown, path: Path, values: unknown): readonly Problem[] {
  return scalarsIn(node, path).flatMap((found) => {
    const written = found.node.source ?? "";
    if (found.node.type !== "PLAIN" || !isRewritten(found, { text: written, values })) return [];
    const problem = "is a number or a date to the engine and reaches the program as another value";
    const fix = "write it in quotes, or as a plain decimal number";
    return [{ path: found.path, problem, fix, written }];
  });
}

interface FoundScalar {
  readonly node: Scalar;
  readonly path: Path;
}

function scalarsIn(node: unknown, path: Path): readonly FoundScalar[] {
  if (isScalar(node)) return [{ node, path }];
  if (isSeq(node)) return node.items.flatMap((item, index) => scalarsIn(item, [...path, index]));
  if (!isMap(node)) return [];
  return node.items.flatMap(({ key, value }) =>
    scalarsIn(value, [...path, isScalar(key) ? String(key.value) : ""]),
  );
}

/** Octal, binary and hexadecimal numbers, `1_000`, dates. */
const yaml11 =
  /^([-+]?(0[0-9_]+|0[bB][01_]+|0[xX][0-9a-fA-F_]+|0o[0-7_]+|\d+_[\d_]*)|\d{4}-\d\d?-\d\d?([Tt ].*)?)$/;

function isRewritten(
  { node, path }: FoundScalar,
  { text, values }: { text: string; values: unknown },
): boolean {
  if (yaml11.test(text)) return true;
  const isText = typeof node.value === "string" || node.value === null;
  if (isText || String(node.value) === text) return false;
  return fieldAt(path, values)?.schema._zod.def.type === "string";
}
