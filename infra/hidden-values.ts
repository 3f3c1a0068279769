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

/** Hides the values; in them an `Authorization` header's "Bearer ..." also without its scheme. */
export function hiding(values: readonly string[]): (text: string) => string {
  const parts = partsToHide([...values, ...values.map((value) => value.replace(/^\S+\s+/, ""))]);
  return (text) => hideIn(text, parts, "***");
}

/**
 * What may be a token in an address of the user's own: all behind the host, and each part of it but
 * for ordinary words, which an answer may need.
 */
export function partsOfAddress(url: string): readonly string[] {
  const path = url.replace(/^[^/]*\/\/[^/?#]*/, "");
  return [path, ...path.split(/[/?&=#]/).filter((part) => !/^[a-z-]{1,15}$/.test(part))];
}
