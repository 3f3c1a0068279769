/** Finds in an answer which release gave it. */

import { jsonAt, parsedJson } from "./json.ts";
import type { ProbeResult } from "./result.ts";

/** Where the version is; neither: field `version` of a JSON body, or else the body's whole text. */
export interface VersionSource {
  /** A field's name, or a JSON pointer such as "/app/version". */
  readonly json?: string | null;
  /** Name of a response header; it goes before the body. */
  readonly header?: string | null;
}

type Answer = Pick<Extract<ProbeResult, { kind: "answered" }>, "headers" | "body">;

/** Null where the answer holds no version in that place. */
export function versionIn(answer: Answer, source: VersionSource = {}): string | null {
  const { json = null, header = null } = source;
  if (header !== null) return textOf(answer.headers[header.toLowerCase()]);
  const body = parsedJson(answer.body);
  if (json !== null) return textOf(jsonAt(body, json));
  const whole = typeof body === "object" ? jsonAt(body, "version") : answer.body;
  return textOf(whole);
}

function textOf(value: unknown): string | null {
  if (typeof value !== "string" && typeof value !== "number") return null;
  const text = String(value).trim();
  return text === "" ? null : text;
}
