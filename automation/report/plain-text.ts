/** Text of unknown origin as one plain line: it moves no cursor and turns no reading order. */

const sequences =
  // eslint-disable-next-line no-control-regex -- terminal sequences are what is looked for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?/g;

const breaks = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;

const unprintable =
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/**
 * Terminal sequences go whole, then control characters, invisible ones and marks of direction; line
 * breaks and tabs become blanks.
 */
export function plainText(text: string): string {
  return text.toWellFormed().replace(sequences, "").replace(breaks, " ").replace(unprintable, "");
}

/** The value with every text in it changed; keys stay. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  return mapped(value, change) as T;
}

function mapped(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((each: unknown) => mapped(each, change));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, mapped(inner, change)]);
  return Object.fromEntries(entries);
}
