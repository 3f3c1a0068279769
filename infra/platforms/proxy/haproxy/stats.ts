/** Reads HAProxy's tables: `show stat` and `show servers state`. PURE. */

export type Row = Readonly<Record<string, string>>;

/** The rows of a CSV table whose first line names the columns. */
export function statRows(text: string): readonly Row[] {
  const [head = "", ...lines] = text.split("\n");
  const names = head.replace(/^# /, "").split(",");
  return lines.filter((line) => line.includes(",")).map((line) => rowOf(names, line.split(",")));
}

/** The rows of a table in words, after its version and its line of names. */
export function stateRows(text: string): readonly Row[] {
  const lines = text.split("\n");
  const head = lines.find((line) => line.startsWith("# ")) ?? "";
  const names = head.slice(2).split(" ");
  return lines
    .filter((line) => line.split(" ").length >= 10 && !line.startsWith("#"))
    .map((line) => rowOf(names, line.split(" ")));
}

function rowOf(names: readonly string[], values: readonly string[]): Row {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
}

export function numberIn(row: Row | undefined, name: string): number {
  const value = Number(row?.[name] ?? "");
  return Number.isFinite(value) ? value : 0;
}
