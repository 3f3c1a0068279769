/** Cuts SQL into statements of tokens: comments, quoted text and data of COPY are no words. Pure. */

export interface Token {
  /** `name`: quoted, so it is never a keyword. `text`: a constant, whose content is left out. */
  readonly kind: "word" | "name" | "text" | "mark";
  /** Words in upper case, names as between their quotes; empty for text. */
  readonly text: string;
  /** From 1 on. */
  readonly line: number;
  /** Round brackets that are open around it; a bracket itself counts as outside. */
  readonly depth: number;
}

export type Statement = readonly Token[];

/** What stands at one place; every pattern is tried there in this order. */
const patterns = {
  blank: /\s+/y,
  lineComment: /--[^\n]*/y,
  // MySQL runs what stands in such a comment; the end of it is read as two marks.
  mysqlOnly: /\/\*!\d*/y,
  psqlCommand: /\\[^\n]*/y,
  escapedText: /[eE]'(?:[^'\\]|''|\\[\s\S])*(?:'|$)/y,
  plainText: /'(?:[^']|'')*(?:'|$)/y,
  name: /"(?:[^"]|"")*(?:"|$)/y,
  backtickName: /`[^`]*(?:`|$)/y,
  word: /[\p{L}_][\p{L}\p{N}_$]*/uy,
  number: /\d[\w.]*/y,
} as const;

const dollarTag = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;

/** The statements of a text, in their order; empty ones are left out. */
export function statementsOf(sql: string): readonly Statement[] {
  return new Tokens(sql).statements();
}

class Tokens {
  private readonly sql: string;
  private at = 0;
  private line = 1;
  /** Place of the next line break from `at` on. */
  private nextBreak: number;
  private depth = 0;
  private current: Token[] = [];
  private readonly all: Statement[] = [];

  constructor(sql: string) {
    this.sql = sql;
    this.nextBreak = this.breakFrom(0);
  }

  statements(): readonly Statement[] {
    while (this.at < this.sql.length) this.step();
    this.endStatement();
    return this.all;
  }

  private step(): void {
    if (this.passed("blank") || this.passed("lineComment") || this.passed("mysqlOnly")) return;
    if (this.sql.startsWith("/*", this.at)) {
      this.skipComment();
      return;
    }
    // Only psql has these, and only it reads them.
    if (this.sql[this.at] === "\\" && this.passed("psqlCommand")) return;
    if (this.taken("escapedText", "text") || this.taken("plainText", "text")) return;
    if (this.taken("name", "name") || this.taken("backtickName", "name")) return;
    if (this.skipDollarText()) return;
    if (this.taken("word", "word") || this.taken("number", "mark")) return;
    this.mark();
  }

  private mark(): void {
    const text = this.sql[this.at] ?? "";
    if (text === ")") this.depth = Math.max(0, this.depth - 1);
    if (text === ";") {
      this.at += 1;
      this.endStatement();
      return;
    }
    this.add("mark", text);
    if (text === "(") this.depth += 1;
    this.at += 1;
  }

  /** Comments of this form stand in each other. */
  private skipComment(): void {
    const ends = /\/\*|\*\//g;
    ends.lastIndex = this.at;
    let open = 0;
    for (let found = ends.exec(this.sql); found; found = ends.exec(this.sql)) {
      open += found[0] === "/*" ? 1 : -1;
      if (open > 0) continue;
      this.moveTo(ends.lastIndex);
      return;
    }
    this.moveTo(this.sql.length);
  }

  /** `$tag$ ... $tag$`: bodies of functions, whatever is in them. */
  private skipDollarText(): boolean {
    dollarTag.lastIndex = this.at;
    const tag = dollarTag.exec(this.sql)?.[0];
    if (tag === undefined) return false;
    this.add("text", "");
    const end = this.sql.indexOf(tag, this.at + tag.length);
    this.moveTo(end === -1 ? this.sql.length : end + tag.length);
    return true;
  }

  private endStatement(): void {
    const { current } = this;
    this.current = [];
    this.depth = 0;
    if (current.length === 0) return;
    this.all.push(current);
    if (takesData(current)) this.skipData();
  }

  /** Lines of data up to one that says `\.`, after the line with the statement. */
  private skipData(): void {
    const end = /\n\\\.[^\n]*/g;
    end.lastIndex = this.at;
    this.moveTo(end.exec(this.sql) ? end.lastIndex : this.sql.length);
  }

  private passed(name: keyof typeof patterns): boolean {
    const found = this.found(name);
    if (found === null) return false;
    this.moveTo(this.at + found.length);
    return true;
  }

  private taken(name: keyof typeof patterns, kind: Token["kind"]): boolean {
    const found = this.found(name);
    if (found === null) return false;
    const texts = { word: found.toUpperCase(), name: found.slice(1, -1), text: "", mark: found };
    this.add(kind, texts[kind]);
    this.moveTo(this.at + found.length);
    return true;
  }

  private found(name: keyof typeof patterns): string | null {
    const pattern = patterns[name];
    pattern.lastIndex = this.at;
    return pattern.exec(this.sql)?.[0] ?? null;
  }

  private add(kind: Token["kind"], text: string): void {
    this.current.push({ kind, text, line: this.line, depth: this.depth });
  }

  private moveTo(end: number): void {
    while (this.nextBreak < end) {
      this.line += 1;
      this.nextBreak = this.breakFrom(this.nextBreak + 1);
    }
    this.at = end;
  }

  private breakFrom(at: number): number {
    const found = this.sql.indexOf("\n", at);
    return found === -1 ? this.sql.length : found;
  }
}

function takesData(statement: Statement): boolean {
  const words = statement.filter(({ kind }) => kind === "word").map(({ text }) => text);
  const from = words.indexOf("FROM");
  return words[0] === "COPY" && from !== -1 && words[from + 1] === "STDIN";
}
