/** Whose requests go to a color whatever its share: told by a header or a cookie. PURE. */

import { z } from "zod";

import type { Cohort, Cohorts, Color } from "../../../model.ts";

/** The color of a request by its cohort; null for everybody else. Takes names and values in turn. */
export type CohortMatcher = (rawHeaders: readonly string[]) => Color | null;

const group = z.strictObject({
  kind: z.enum(["header", "cookie"]),
  name: z.string().min(1).max(200),
  value: z.string().min(1).max(1_000),
});

export const cohortsShape = z.strictObject({
  color: z.enum(["blue", "green"]),
  groups: z.array(group).min(1).max(20),
});

export function matcherOf({ color, groups }: Cohorts): CohortMatcher {
  const headers = groups.filter(({ kind }) => kind === "header");
  const cookies = groups.filter(({ kind }) => kind === "cookie");
  return (rawHeaders) => {
    let jar: string | null = null;
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]?.toLowerCase() ?? "";
      const value = rawHeaders[index + 1] ?? "";
      if (headers.some((each) => each.name === name && each.value === value)) return color;
      if (name === "cookie") jar = jar === null ? value : `${jar};${value}`;
    }
    return jar !== null && hasCookie(jar, cookies) ? color : null;
  };
}

/** Of several cookies with one name the first counts, as for applications. */
function hasCookie(jar: string, wanted: readonly Cohort[]): boolean {
  if (wanted.length === 0) return false;
  const seen = new Set<string>();
  for (const pair of jar.split(";")) {
    const end = pair.indexOf("=");
    const name = pair.slice(0, Math.max(0, end)).trim();
    if (end === -1 || seen.has(name)) continue;
    seen.add(name);
    const value = unquoted(pair.slice(end + 1).trim());
    if (wanted.some((each) => each.name === name && each.value === value)) return true;
  }
  return false;
}

/** Some write a cookie's value in quotes, which aren't part of it. */
function unquoted(value: string): string {
  const quoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
  return quoted ? value.slice(1, -1) : value;
}
