/** Blocks of an nginx configuration as indented lines. PURE. */

export function block(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), "}"];
}

/** A variable whose value follows from another text, when a request needs it. */
export function map(source: string, variable: string, entries: readonly string[]): string[] {
  return block(`map ${source} ${variable}`, entries);
}
