/**
 * What in SQL may lose data, break a release that still runs, or lock a table. It knows the usual
 * forms of the usual statements, not all of SQL, and nothing of what functions do. Pure.
 */

import type { Statement, Token } from "./sql-tokens.ts";
import { statementsOf } from "./sql-tokens.ts";

export interface Warning {
  /** From 1 on. */
  readonly line: number;
  /** `destructive`: a release that runs may lose what it needs. `lock`: it may have to wait. */
  readonly kind: "destructive" | "lock";
  /** What it does, and what to do instead. */
  readonly sentence: string;
}

/** In the order of the text; a statement may have several. */
export function scanSql(sql: string): readonly Warning[] {
  const statements = statementsOf(sql);
  const made = new Set(statements.flatMap((statement) => madeTable(statement) ?? []));
  return statements.flatMap((statement) =>
    rules.flatMap((rule) => rule(statement, made)).sort((a, b) => a.line - b.line),
  );
}

type Rule = (statement: Statement, made: ReadonlySet<string>) => readonly Warning[];

const rules: readonly Rule[] = [drops, truncates, renamesTable, alters, deletes, updates, indexes];

function drops(statement: Statement): readonly Warning[] {
  const [first, what] = statement;
  if (!isWord(first, "DROP") || what?.kind !== "word") return [];
  if (what.text === "INDEX") {
    return hasWord(statement, "CONCURRENTLY") ? [] : [lock(first, locksOnDrop)];
  }
  return [
    destructive(first, `drops what a release that runs may use (DROP ${what.text}): ${later}`),
  ];
}

const later = "leave it to contract";

const locksOnDrop = "drops an index under a lock: use DROP INDEX CONCURRENTLY";

function truncates([first]: Statement): readonly Warning[] {
  if (!isWord(first, "TRUNCATE")) return [];
  return [destructive(first, "empties a table, which a release that runs may use")];
}

function renamesTable([first]: Statement): readonly Warning[] {
  return isWord(first, "RENAME") ? [destructive(first, renames)] : [];
}

const renames =
  "renames what a release that runs knows by its former name: add the new one beside it";

/** ALTER TABLE with its actions, and renaming by any other ALTER. */
function alters(statement: Statement): readonly Warning[] {
  const [first] = statement;
  if (!isWord(first, "ALTER")) return [];
  let table = 1;
  while (beforeTable.some((word) => isWord(statement[table], word))) table += 1;
  if (!isWord(statement[table], "TABLE")) return altersOther(statement);
  const actions = parted(statement.slice(afterName(statement, table + 1)), 0);
  return actions.flatMap((action) => judgeAction(action));
}

const beforeTable = ["FOREIGN", "ONLINE", "OFFLINE", "IGNORE"];

/** What some ALTER of a view, a sequence, a type or a domain does. */
function altersOther(statement: Statement): readonly Warning[] {
  const words = statement.slice(3).filter(({ kind, depth }) => kind === "word" && depth === 0);
  for (const [index, token] of words.entries()) {
    const said = words.slice(index, index + 3).map(({ text }) => text);
    if (said[0] === "RENAME" || said.slice(0, 2).join(" ") === "SET SCHEMA") {
      return [destructive(token, renames)];
    }
    if (said.slice(0, 2).join(" ") === "DROP ATTRIBUTE") {
      return [destructive(token, `drops an attribute, which a release may use: ${later}`)];
    }
    if (said.join(" ") === "SET NOT NULL") return [destructive(token, demands)];
    if (said[0] === "ATTRIBUTE" && said.includes("TYPE")) return [destructive(token, changesType)];
  }
  return [];
}

/** Between the commas that stand at this depth. */
function parted(tokens: Statement, depth: number): readonly Statement[] {
  let start = 0;
  const parts: Statement[] = [];
  for (let at = 0; at <= tokens.length; at += 1) {
    const token = tokens[at];
    if (token && !(isMark(token, ",") && token.depth === depth)) continue;
    parts.push(tokens.slice(start, at));
    start = at + 1;
  }
  return parts;
}

/** The place after `[IF [NOT] EXISTS] [ONLY] name[.name] [*]`. */
function afterName(statement: Statement, from: number): number {
  const optional = ["IF", "NOT", "EXISTS", "ONLY"];
  let at = from;
  while (optional.some((word) => isWord(statement[at], word)) && at - from < 4) at += 1;
  at += 1;
  while (isMark(statement[at], ".")) at += 2;
  return isMark(statement[at], "*") ? at + 1 : at;
}

function judgeAction(action: Statement): readonly Warning[] {
  const [first, ...rest] = action;
  if (first?.kind !== "word") return [];
  if (first.text === "ADD") return addsColumns(first, rest);
  const found = judgeChange(first, rest);
  return found ? [found] : [];
}

function judgeChange(first: Token, rest: Statement): Warning | null {
  switch (first.text) {
    case "RENAME":
      return destructive(first, renames);
    case "DROP":
      return dropsColumn(first, rest);
    case "ALTER":
      return altersColumn(first, rest);
    case "MODIFY":
    case "CHANGE":
      return destructive(first, changesType);
    case "SET":
      return isWord(rest[0], "SCHEMA") ? destructive(first, renames) : null;
    default:
      return null;
  }
}

const changesType =
  "changes a column's type, for every release and under a lock: add another column";

const harmlessDrops = ["CONSTRAINT", "DEFAULT", "NOT", "IDENTITY", "EXPRESSION", "INDEX", "KEY"];

function dropsColumn(at: Token, [what]: Statement): Warning | null {
  if (harmlessDrops.some((word) => isWord(what, word))) return null;
  const dropped = isWord(what, "PARTITION") ? "a partition with its rows" : "a column";
  return destructive(at, `drops ${dropped}, which a release that runs may use: ${later}`);
}

const constraints = [
  "CONSTRAINT",
  "CHECK",
  "PRIMARY",
  "FOREIGN",
  "UNIQUE",
  "EXCLUDE",
  "INDEX",
  "KEY",
];

/** One column, or several in brackets. */
function addsColumns(at: Token, added: Statement): readonly Warning[] {
  const defined = isWord(added[0], "COLUMN") ? added.slice(1) : added;
  const listed = isMark(defined[0], "(");
  const columns = listed ? parted(defined.slice(1), 1) : [added];
  return columns.flatMap((each) => addsColumn(at, each, listed ? 1 : 0) ?? []);
}

/** A release that doesn't know the column can't fill it. */
function addsColumn(at: Token, added: Statement, within: number): Warning | null {
  if (constraints.some((word) => isWord(added[0], word))) return null;
  const outside = added.filter(({ depth }) => depth === within);
  const given = ["DEFAULT", "GENERATED", "SERIAL", "BIGSERIAL", "SMALLSERIAL", "AUTO_INCREMENT"];
  if (!demandsValue(outside) || given.some((word) => hasWord(outside, word))) return null;
  return destructive(
    at,
    "adds a column that must have a value and has no default: former releases can't write",
  );
}

function demandsValue(tokens: Statement): boolean {
  return tokens.some((token, index) => {
    const after = tokens[index + 1];
    return isWord(token, "NOT") ? isWord(after, "NULL") : isPrimaryKey(token, after);
  });
}

function isPrimaryKey(token: Token, after: Token | undefined): boolean {
  return isWord(token, "PRIMARY") && isWord(after, "KEY");
}

/** `ALTER [COLUMN] name ...`. */
function altersColumn(at: Token, altered: Statement): Warning | null {
  const named = isWord(altered[0], "COLUMN") ? altered.slice(1) : altered;
  const change = named.slice(1).filter(({ kind }) => kind === "word");
  const words = change.slice(0, 3).map(({ text }) => text);
  if (words[0] === "TYPE" || words.join(" ") === "SET DATA TYPE")
    return destructive(at, changesType);
  if (words.join(" ") !== "SET NOT NULL") return null;
  return destructive(at, demands);
}

const demands = "makes a column demand a value, which former releases may not write";

/** Also within another statement; one has a WHERE, or it doesn't, before its bracket closes. */
function deletes(statement: Statement): readonly Warning[] {
  const bare: Token[] = [];
  const open: Token[] = [];
  for (const [index, token] of statement.entries()) {
    const begins = isDelete(statement, index);
    while (endsBefore(open.at(-1), token, begins)) bare.push(...open.splice(-1));
    if (begins) open.push(token);
    if (isWord(token, "WHERE") && open.at(-1)?.depth === token.depth) open.pop();
  }
  const sentence = "deletes every row of a table: it has no WHERE";
  return [...bare, ...open].map((token) => destructive(token, sentence));
}

/** Only a statement may begin with it: `GRANT DELETE`, `ON DELETE CASCADE` are none. */
function isDelete(statement: Statement, index: number): boolean {
  const isFirst = index === 0 || isWord(statement[index + 1], "FROM");
  return isFirst && isWord(statement[index], "DELETE");
}

function endsBefore(open: Token | undefined, { depth }: Token, begins: boolean): boolean {
  return open !== undefined && (depth < open.depth || (begins && depth === open.depth));
}

/** Filling a new column is what an expand is for; in one statement it locks every row until it ends. */
function updates(statement: Statement, made: ReadonlySet<string>): readonly Warning[] {
  const [first] = statement;
  if (!isWord(first, "UPDATE")) return [];
  const isBounded = statement.some((each) => isWord(each, "WHERE") && each.depth === first.depth);
  return isBounded || made.has(nameAt(statement, 1)) ? [] : [lock(first, changesAll)];
}

const changesAll = "changes every row of a table at once: it has no WHERE; do it in batches";

/** The index of a table that the same text makes waits for nobody. */
function indexes(statement: Statement, made: ReadonlySet<string>): readonly Warning[] {
  const [first, ...rest] = statement;
  if (!isWord(first, "CREATE")) return [];
  const index = isWord(rest[0], "UNIQUE") ? 1 : 0;
  if (!isWord(rest[index], "INDEX") || isWord(rest[index + 1], "CONCURRENTLY")) return [];
  const on = statement.findIndex((token) => isWord(token, "ON"));
  if (on !== -1 && made.has(nameAt(statement, on + 1))) return [];
  return [lock(first, "writes wait while the index is made: use CREATE INDEX CONCURRENTLY")];
}

function madeTable(statement: Statement): string | null {
  if (!isWord(statement[0], "CREATE")) return null;
  const table = statement.slice(0, 4).findIndex((token) => isWord(token, "TABLE"));
  return table === -1 ? null : nameAt(statement, table + 1);
}

function nameAt(statement: Statement, from: number): string {
  return statement
    .slice(from, afterName(statement, from))
    .filter((token) => !["IF", "NOT", "EXISTS", "ONLY"].some((word) => isWord(token, word)))
    .map(({ kind, text }) => (kind === "name" ? `"${text}"` : text))
    .join("");
}

function isWord(token: Token | undefined, word: string): token is Token {
  return token?.kind === "word" && token.text === word;
}

function isMark(token: Token | undefined, mark: string): boolean {
  return token?.kind === "mark" && token.text === mark;
}

function hasWord(statement: Statement, word: string): boolean {
  return statement.some((token) => isWord(token, word));
}

function destructive({ line }: Token, sentence: string): Warning {
  return { line, kind: "destructive", sentence };
}

function lock({ line }: Token, sentence: string): Warning {
  return { line, kind: "lock", sentence };
}
