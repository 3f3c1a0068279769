/** Makes foreign text safe to print: bounded, and without characters that steer a terminal. Pure. */

/** C0 but for tab and line feed, C1, and what reorders or hides text. */
const control =
  // eslint-disable-next-line no-control-regex -- control characters are what is replaced
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Characters in a sentence that come from outside. */
const maxQuoted = 80;

/** The first `cap` characters of the text, with a mark where it was cut. */
export function head(text: string, cap: number): string {
  return text.length <= cap ? visible(text) : `${visible(text.slice(0, cap))}…`;
}

/** The last `cap` characters of the text, with a mark where it was cut. */
export function tail(text: string, cap: number): string {
  return text.length <= cap ? visible(text) : `…${visible(text.slice(-cap))}`;
}

/** Foreign text inside a sentence: short and on one line. */
export function quoted(text: string): string {
  return `"${head(text, maxQuoted).replaceAll(/\s+/g, " ")}"`;
}

/** Windows line ends become plain ones, other control characters their code. */
function visible(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(control, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
