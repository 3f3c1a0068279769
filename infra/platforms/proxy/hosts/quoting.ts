/** Turns words into one text that a POSIX shell reads back as exactly these words. PURE. */

/**
 * In single quotes a POSIX shell reads everything as it is; a single quote itself ends them, is
 * written with a backslash, and they begin again.
 *
 * @throws RangeError for a NUL character, which no argument can hold
 */
export function quoteWord(word: string): string {
  if (word.includes("\0")) throw new RangeError("an argument can't hold a NUL character");
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}
