/** Text from applications, settings and people, made harmless for Markdown: it can only be read. */

import { plainText } from "./plain-text.ts";

/** Letters of one text that are shown; a log line may be of any length. */
const maxLength = 500;

const maxLines = 50;

/** Control characters aren't in plain text: they stand for what is put in, until the end. */
const cut = "\u0001";
const dollar = "\u0002";
const bar = "\u0003";
const slash = "\u0004";

/** The cut is invisible: it parts what a forge would take for a mention, a link or a reference. */
const entities = [
  [cut, "&#8203;"],
  [dollar, "&#36;"],
  [bar, "&#124;"],
  [slash, "&#92;"],
] as const;

/**
 * One line of prose that is shown as it reads. Between two backticks it stays code; everything else
 * that Markdown, HTML or a forge would act on is taken apart.
 */
export function markdownText(text: string): string {
  const parts = shortened(plainText(text)).split("`");
  // A backtick without its partner is an ordinary letter.
  const paired =
    parts.length % 2 === 1 ? parts : [...parts.slice(0, -2), parts.slice(-2).join("'")];
  return paired.map((part, index) => (index % 2 === 1 ? codeSpan(part) : prose(part))).join("");
}

/** One line of code, shown letter by letter; also inside of tables. */
export function markdownCode(text: string): string {
  return codeSpan(shortened(plainText(text)));
}

/** Lines to copy, in a block of their own; at most 50. */
export function markdownBlock(lines: readonly string[], language = ""): string {
  const fence = "```";
  const harmless = lines.slice(0, maxLines).map((line) => plainText(line).replaceAll("`", "'"));
  return [`${fence}${language}`, ...harmless, fence].join("\n");
}

/** Nothing inside of a code span is acted upon, but for what ends it, or ends a table's cell. */
function codeSpan(text: string): string {
  const harmless = text.replaceAll("`", "'").replaceAll("|", "¦").trim();
  return harmless === "" ? "" : `\`${harmless}\``;
}

function prose(text: string): string {
  const marked = text
    .replaceAll("\\", slash)
    .replaceAll("|", bar)
    .replaceAll("$", dollar)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/[*_[\]!~{}]/g, "\\$&")
    .replace(/^(\s*)(?=[-+=#]|\d+[.)])/, `$1${cut}`)
    .replaceAll("@", `@${cut}`)
    .replaceAll("#", `#${cut}`)
    .replaceAll("://", `:${cut}//`)
    .replace(/(www|xmpp|mailto)(?=[.:])/gi, `$1${cut}`)
    .replace(/(gh)(?=-\d)/gi, `$1${cut}`)
    .replace(/:(?=[\w\\+-]*[a-z+][\w\\+-]*:)/gi, `:${cut}`)
    .replace(/(?<![\da-z])([\da-f]{3})(?=[\da-f]{4,37}(?![\da-z]))/gi, `$1${cut}`);
  return entities.reduce((done, [mark, entity]) => done.replaceAll(mark, entity), marked);
}

/** A letter of two code units isn't cut in half. */
function shortened(text: string): string {
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "")}…`;
}
