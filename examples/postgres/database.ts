/** One `psql` that stays, so that the example needs no package: a query at a time, by its input. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Database {
  /** The first line of the result; rejects with what the server says. */
  ask(sql: string): Promise<string>;
  close(): void;
}

/** Where the database is tell PGHOST, PGPORT, PGUSER and PGDATABASE. */
export function openDatabase(): Database {
  const psql = spawn("psql", ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const end = "end of answer, failed:";
  const waiting: ((lines: readonly string[]) => void)[] = [];
  let lines: string[] = [];
  createInterface({ input: psql.stdout }).on("line", (line) => {
    lines.push(line);
    if (!line.startsWith(end)) return;
    waiting.shift()?.(lines);
    lines = [];
  });
  // Without it nothing can be answered: the instance ends, and is started again.
  psql.on("exit", () => {
    process.exit(1);
  });
  return {
    ask: async (sql) => {
      const { promise, resolve } = Promise.withResolvers<readonly string[]>();
      waiting.push(resolve);
      psql.stdin.write(`${sql};\n\\echo ${end} :ERROR :LAST_ERROR_MESSAGE\n`);
      const said = await promise;
      const last = said.at(-1) ?? "";
      if (last.startsWith(`${end} true`)) throw new Error(last.slice(end.length + 6));
      return said[0] ?? "";
    },
    close: () => {
      psql.removeAllListeners("exit");
      psql.stdin.end("\\q\n");
    },
  };
}
