/** Breaks text into lines of a terminal's width, not counting its color codes. Pure. */

import { stripVTControlCharacters } from "node:util";

export interface Margin {
  /** Columns that a line may have, margin included. */
  readonly width: number;
  readonly first: string;
  /** Of the lines after the first one. */
  readonly rest: string;
}

/** A word that is longer than a line gets a line of its own and stays whole. */
export function wrap(text: string, { width, first, rest }: Margin): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const margin = lines.length === 0 ? first : rest;
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && columns(margin) + columns(longer) > width) {
      lines.push(margin + line);
      line = word;
    } else line = longer;
  }
  return [...lines, (lines.length === 0 ? first : rest) + line];
}

/** How many columns a text takes; every character of ours takes one. */
export function columns(text: string): number {
  return stripVTControlCharacters(text).length;
}
