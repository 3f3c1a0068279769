/** The kinds of values that settings are made of; each says in words what may be written. */

import { z } from "zod";

import { Duration, formatDuration, parseDuration } from "../duration.ts";
import { addressProblem, isHostName } from "./address.ts";
import { refuse } from "./refusal.ts";
import { versionForm, versionMaxLength, versionWords } from "./version.ts";

/** Names the allowed values in words; printed as the fix and as the type in the docs. */
function of<S extends z.ZodType>(type: string, schema: S): S {
  return schema.meta({ type });
}

/** Text of which `judge` says what is wrong with it; null for a good one. */
export function judged(type: string, judge: (text: string) => string | null) {
  const text = z.string().superRefine((value, context) => {
    const problem = judge(value);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
  });
  return of(type, text);
}

/** Absent, or the value; absent is `null` in the settings. */
export function optional<S extends z.ZodType>(schema: S) {
  return schema.nullable().prefault(null);
}

export function integer({ min, max }: { min: number; max: number }) {
  return of(`a whole number from ${min} to ${max}`, z.int().min(min).max(max));
}

export function fraction({ min, max }: { min: number; max: number }) {
  return of(`a number from ${min} to ${max}`, z.number().min(min).max(max));
}

export function flag() {
  return of("true or false", z.boolean());
}

/** Limits in milliseconds. */
export function duration({ min, max, example }: { min: number; max: number; example: string }) {
  const range = `from ${formatDuration(min)} to ${formatDuration(max)}`;
  const text = z.string().transform((value, context) => {
    const ms = parseDuration(value);
    const problem = durationProblem(ms, { min, max, unitMissing: /^\d+$/.test(value) });
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
    return new Duration(ms ?? 0);
  });
  return of(`a duration ${range}, such as "${example}"`, text);
}

function durationProblem(
  ms: number | null,
  { min, max, unitMissing }: { min: number; max: number; unitMissing: boolean },
): string | null {
  if (unitMissing) return "has no unit";
  if (ms === null) return "isn't a duration";
  if (ms < min) return `is shorter than ${formatDuration(min)}`;
  return ms > max ? `is longer than ${formatDuration(max)}` : null;
}

export function choice<const T extends readonly [string, ...string[]]>(values: T) {
  return of(oneOf(values), z.enum(values));
}

export function oneOf(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value}"`);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`;
}

/** Text on one line: no control characters, not empty. */
export function line(type: string, max = 1_000) {
  return of(type, z.string().refine(isOneLine, oneLineRule).min(1).max(max));
}

/** Any text, line breaks too, but not empty. */
export function freeText(type: string, max: number) {
  return of(type, z.string().min(1).max(max));
}

/** A word of a restricted alphabet. */
export function word(type: string, form: RegExp, max: number) {
  return of(type, z.string().max(max).regex(form));
}

export const oneLineRule = "has control characters or line breaks";

export function isOneLine(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return !/[\u0000-\u001f\u007f\u2028\u2029]/.test(text);
}

/** A release's name. */
export function version() {
  return word(versionWords, versionForm, versionMaxLength);
}

/** The path of a request, with its query if any. */
export function urlPath() {
  const type = `a path that starts with "/" and has no spaces, such as "/healthz"`;
  return judged(type, pathProblem);
}

function pathProblem(path: string): string | null {
  if (!isOneLine(path)) return oneLineRule;
  if (!path.startsWith("/")) return `doesn't start with "/"`;
  if (path.includes("#")) return `has a "#", which is never sent to a server`;
  if (!/^[\x21-\x7e]*$/.test(path)) return "has characters that must be percent-encoded";
  return path.length > 2_000 ? "is longer than 2000 characters" : null;
}

export function headerName() {
  return word(`a header name, such as "x-version"`, /^[!#$%&'*+.^_`|~\w-]+$/, 100);
}

export function statuses() {
  const status = integer({ min: 100, max: 599 });
  return of("a list of status codes, such as [200]", z.array(status).min(1).max(50));
}

/** A file or folder; relative ones are relative to the project. */
export function filePath(type = "a path on one line") {
  return line(type);
}

/** A program of the user's own in TypeScript or JavaScript. */
export function scriptFile(example: string) {
  const type = `a file that ends in .ts, .mts, .js or .mjs, such as "${example}"`;
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  return word(type, /^[^\u0000-\u001f\u007f]+\.m?[jt]s$/, 1_000);
}

export function patterns() {
  return of("a list of patterns", z.array(line("a pattern on one line")).max(1_000));
}

export function hostName() {
  const host = z.string().refine(isHostName, "doesn't have the right form");
  return of(`a host name or an IP address, such as "127.0.0.1"`, host);
}

/** `host:port` of an instance that somebody else runs. */
export function address() {
  return judged(`host:port, such as "10.0.0.7:8080"`, addressProblem);
}

/** The words of a command line; no shell reads them. */
export function argv() {
  const argument = z.string().refine((text) => !text.includes("\0"), "has a NUL character");
  const words = z.array(of("a text in quotes", argument)).max(200).superRefine(programIsNamed);
  return of(`a list of words, such as ["node", "server.ts"]`, words);
}

function programIsNamed(words: readonly string[], context: z.RefinementCtx): void {
  if (words[0]?.trim() !== "") return;
  const fix = "write the program that is run";
  refuse(context, {
    path: [0],
    problem: "is empty, and a command's first word is its program",
    fix,
  });
}

/** Environment variables. */
export function environmentVariables() {
  const name = word("a variable name of letters, digits and _", /^[A-Za-z_]\w*$/, 200);
  const value = z.string().refine((text) => !text.includes("\0"), "has a NUL character");
  return of("a map of names to text", z.record(name, of("a text in quotes", value)));
}
