/** Writes single values as YAML, so that every reader of YAML finds the same text or number. */

import type { Scalar } from "yaml";

/** A value that wasn't there yet: without quotes where no reader takes it for something else. */
export function newScalar(value: string | number): string {
  if (typeof value === "number") return String(value);
  return isSafeWord(value) ? value : JSON.stringify(value);
}

/** A value in the style of the one that it replaces. */
export function scalarLike(value: string | number, former: Scalar, source: string): string {
  const text = String(value);
  const isSingleQuoted = former.type === "QUOTE_SINGLE" && isPrintable(text);
  if (isSingleQuoted) return `'${text.replaceAll("'", "''")}'`;
  if (former.type?.startsWith("QUOTE") === true) return JSON.stringify(text);
  if (isWholeNumber(source) && isWholeNumber(text)) return text;
  // A block ends with its line.
  return newScalar(value) + (/\r?\n$/.exec(source)?.[0] ?? "");
}

/** Starts with a letter, holds nothing that means something, and isn't a word for a truth value. */
function isSafeWord(text: string): boolean {
  return /^[A-Za-z][\w.+-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
}

/** Read as the same digits by every reader: no octal, nothing that loses precision. */
function isWholeNumber(text: string): boolean {
  return /^(0|[1-9]\d{0,14})$/.test(text);
}

function isPrintable(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);
}
