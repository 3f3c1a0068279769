/** Replaces values of variables in a text, whole or line by line. Pure. */

/** Shorter ones are words such as "1" or "prod": they would hide ordinary text, and no secret. */
const minLength = 6;
const lineBreak = /\r\n|\n|\r|\\n/;

/**
 * What `hideIn` looks for: each value and each of its lines, since a text may quote a key file's
 * line alone; longest first, so that no part is left of a longer one.
 */
export function partsToHide(values: Iterable<string>): readonly string[] {
  const parts = new Set<string>();
  for (const value of values) {
    for (const part of [value, ...value.split(lineBreak).map((line) => line.trim())]) {
      if (part.trim().length >= minLength) parts.add(part);
    }
  }
  return [...parts].sort((a, b) => b.length - a.length);
}

/** @param parts from `partsToHide`. */
export function hideIn(text: string, parts: readonly string[], word = "[hidden]"): string {
  return parts.reduce((shown, part) => shown.replaceAll(part, () => word), text);
}
