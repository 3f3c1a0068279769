/** Says in our words what the schema found: one problem for each thing to change. */

import type { z } from "zod";

import { fieldAt, fieldsIn, kindsOf, knownPaths, memberOf } from "./field-tree.ts";
import { oneOf } from "./fields.ts";
import { nearest } from "./nearest.ts";
import { keyText, valueAt } from "./path.ts";
import type { Path } from "./path.ts";
import type { Problem } from "./problems.ts";

type Issue = z.core.$ZodIssue;

/** The problems of one finding of the schema; several unknown keys are several problems. */
export function problemsOf(issue: Issue, values: unknown): readonly Problem[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey([...path, key], values));
  }
  if (issue.code === "invalid_union" && issue.discriminator !== undefined) {
    return [unknownKind(path, values)];
  }
  const problem = wrongBy(issue, valueAt(values, path));
  return [{ path, problem, fix: fixOf(issue) ?? fixAt(path, values) }];
}

function unknownKey(path: Path, values: unknown): Problem {
  const parent = path.slice(0, -1);
  const key = String(path.at(-1));
  return { path, problem: "is an unknown key", fix: `write ${known(parent, key, values)}` };
}

/** The nearest key beside it, else a key of that name elsewhere, else all keys beside it. */
function known(parent: Path, key: string, values: unknown): string {
  const siblings = keysAt(parent, values);
  const near = nearest(key, siblings);
  if (near !== undefined) return keyText([...parent, near]);
  const elsewhere = knownPaths().find((path) => path.at(-1) === key);
  return elsewhere === undefined ? `one of ${siblings.join(", ")}` : keyText(elsewhere);
}

function keysAt(parent: Path, values: unknown): readonly string[] {
  const schema = fieldAt(parent, values)?.schema;
  if (schema === undefined) return [];
  const member = memberOf(schema, valueAt(values, parent));
  return fieldsIn(member ?? schema).map(([name]) => name);
}

function unknownKind(path: Path, values: unknown): Problem {
  const list = fieldAt(path.slice(0, -1), values)?.schema;
  const names = list === undefined ? [] : kindsOf(list).map(([name]) => name);
  const value = valueAt(values, path);
  const near = typeof value === "string" ? nearest(value, names) : undefined;
  const problem = value === undefined ? "is missing" : "is unknown";
  return { path, problem, fix: `write ${near === undefined ? oneOf(names) : `"${near}"`}` };
}

function wrongBy(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return wrongType(issue.expected, value);
    case "too_big":
    case "too_small":
      return wrongSize(issue);
    case "invalid_format":
      return "doesn't have the right form";
    case "invalid_value":
      return value === undefined ? "is missing" : "is unknown";
    case "invalid_key":
      return "has a name that isn't allowed";
    case "custom":
    case "invalid_element":
    case "invalid_union":
    case "not_multiple_of":
    case "unrecognized_keys":
      return issue.message;
  }
}

const typeWords: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

function wrongType(expected: string, value: unknown): string {
  if (value === undefined) return "is missing";
  if (value === null) return "is empty";
  const is = Array.isArray(value) ? "a list" : (typeWords[typeof value] ?? typeof value);
  const wanted = typeWords[expected] ?? expected;
  return typeof value === "number" ? `isn't ${wanted}` : `is ${is}, not ${wanted}`;
}

function wrongSize(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string {
  const limit = Number(issue.code === "too_big" ? issue.maximum : issue.minimum);
  if (issue.origin === "string" || issue.origin === "array") {
    if (issue.code === "too_small") return "is empty";
    return `has more than ${limit} ${issue.origin === "string" ? "characters" : "entries"}`;
  }
  return issue.code === "too_big" ? `is more than ${limit}` : `is less than ${limit}`;
}

function fixOf(issue: Issue): string | null {
  if (issue.code === "invalid_key") return "use letters, digits and _ only, no digit first";
  if (issue.code !== "custom") return null;
  const fix: unknown = issue.params?.["fix"];
  return typeof fix === "string" ? fix : null;
}

function fixAt(path: Path, values: unknown): string {
  const field = fieldAt(path, values);
  if (field === undefined) return "remove it";
  if (field.type !== "") return `write ${field.type}`;
  const kinds = kindsOf(field.schema).map(([kind]) => kind);
  if (kinds.length > 0) return `write a map with the kind ${oneOf(kinds)}`;
  const keys = fieldsIn(field.schema).map(([key]) => key);
  return keys.length === 0 ? "write a map" : `write a map of ${keys.join(", ")}`;
}
