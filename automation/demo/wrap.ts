/** Breaks text into lines of a terminal's width, not counting its color codes. Pure. */

import { stripVTControlCharacters } from "node:util";

export interface Margin {
  /** Columns that a line may have, margin included. */
  readonly width: number;
  readonly first: string;
  /** Of the lines after the first one. */
  readonly rest: string;
}

/** A word that is longer than a line gets one of its own and stays whole, as do spaces in front. */
export function wrap(text: string, { width, first, rest }: Margin): readonly string[] {
  const lines: string[] = [];
  let line: string | null = null;
  for (const word of text.split(" ")) {
    const margin = lines.length === 0 ? first : rest;
    const longer: string = line === null ? word : `${line} ${word}`;
    if (line === null || line.trim() === "" || columns(margin) + columns(longer) <= width) {
      line = longer;
    } else {
      lines.push(margin + line.trimEnd());
      line = word === "" ? null : word;
    }
  }
  return line === null ? lines : [...lines, (lines.length === 0 ? first : rest) + line];
}

/** How many columns a text takes; every character of ours takes one. */
export function columns(text: string): number {
  return stripVTControlCharacters(text).length;
}
