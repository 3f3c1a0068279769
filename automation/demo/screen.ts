/** What the demo shows: titles, sentences, commands with their output, and a live line. */

import { stripVTControlCharacters } from "node:util";
import type { Paint } from "../report/paint.ts";
import { columns, wrap } from "./wrap.ts";

export interface ScreenOptions {
  readonly write: (text: string) => void;
  readonly width: number;
  /** A last line may be rewritten in place. */
  readonly interactive: boolean;
  readonly paint: Paint;
}

const margin = "   ";
const maxWidth = 100;
const maxHang = 20;

export class Screen {
  readonly paint: Paint;
  readonly interactive: boolean;
  readonly #write: (text: string) => void;
  readonly #width: number;
  #live = false;

  constructor({ write, width, interactive, paint }: ScreenOptions) {
    this.paint = paint;
    this.interactive = interactive;
    this.#write = write;
    this.#width = Math.min(width, maxWidth);
  }

  line(text = ""): void {
    this.clear();
    this.#write(`${text}\n`);
  }

  /** Replaced by whatever comes next; nothing where lines can't be rewritten. */
  live(text: string): void {
    if (!this.interactive) return;
    this.#write(`\r\u001b[2K${this.paint.dim(`${margin}${text}`.slice(0, this.#width - 1))}`);
    this.#live = true;
  }

  /** Takes the live line away, for whoever writes next. */
  clear(): void {
    if (this.#live) this.#write("\r\u001b[2K");
    this.#live = false;
  }

  title(place: string, text: string): void {
    this.line();
    this.line(`${this.paint.dim(place)} ${this.paint.bold(text)}`);
  }

  say(text: string): void {
    this.#wrapped(text, margin, margin);
  }

  command(text: string): void {
    this.#wrapped(this.paint.bold(text), `${margin}${this.paint.dim("$")} `, `${margin}  `);
  }

  /** A line of a file or of a command's output; what doesn't fit hangs below its text. */
  output(text: string): void {
    const bar = `${margin}${this.paint.dim("|")} `;
    const front = /^\s*(\S+ {2,})?/.exec(stripVTControlCharacters(text))?.[0].length ?? 0;
    this.#wrapped(text, bar, bar + " ".repeat(Math.min(front, maxHang)));
  }

  /** What was found out: a word, then a sentence. */
  fact(word: string, text: string): void {
    this.#wrapped(text, `${margin}${word} `, `${margin}${" ".repeat(columns(word) + 1)}`);
  }

  #wrapped(text: string, first: string, rest: string): void {
    for (const line of wrap(text, { width: this.#width, first, rest })) this.line(line);
  }
}
