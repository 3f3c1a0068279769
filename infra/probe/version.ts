/** Finds in an answer which release gave it. */

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
  const body = parsed(answer.body);
  if (json !== null) return textOf(valueAt(body, json));
  const whole = typeof body === "object" ? valueAt(body, "version") : answer.body;
  return textOf(whole);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function valueAt(body: unknown, place: string): unknown {
  const keys = place.startsWith("/") ? place.slice(1).split("/").map(unescaped) : [place];
  return keys.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined,
    body,
  );
}

/** RFC 6901, section 4. */
function unescaped(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}

function textOf(value: unknown): string | null {
  if (typeof value !== "string" && typeof value !== "number") return null;
  const text = String(value).trim();
  return text === "" ? null : text;
}
