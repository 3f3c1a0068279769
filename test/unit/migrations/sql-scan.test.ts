/** What is found in SQL, what isn't, and that no text whatever makes the scan fail. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scanSql } from "../../../automation/migrations/sql-scan.ts";

/** `line kind` of each warning. */
function places(sql: string): readonly string[] {
  return scanSql(sql).map(({ line, kind }) => `${line} ${kind}`);
}

describe("is destructive", () => {
  test.each([
    "DROP TABLE customers",
    "drop table if exists a, b cascade",
    "DROP SCHEMA old CASCADE",
    "DROP VIEW v",
    "DROP FUNCTION f()",
    "ALTER TABLE customers DROP COLUMN name",
    "ALTER TABLE customers DROP name",
    'ALTER TABLE IF EXISTS ONLY public."Customers" DROP COLUMN IF EXISTS "name"',
    "ALTER TABLE c ADD COLUMN a int, DROP COLUMN b",
    "TRUNCATE customers",
    "ALTER TABLE c ALTER COLUMN name TYPE text",
    "ALTER TABLE c ALTER name SET DATA TYPE varchar(20)",
    "ALTER TABLE c MODIFY name text",
    "ALTER TABLE c CHANGE name full_name text",
    "ALTER TABLE c RENAME TO clients",
    "ALTER TABLE c RENAME COLUMN name TO full_name",
    "ALTER TYPE mood RENAME VALUE 'sad' TO 'low'",
    "RENAME TABLE a TO b",
    "ALTER TABLE c SET SCHEMA archive",
    "ALTER FOREIGN TABLE c DROP COLUMN name",
    "ALTER VIEW v SET SCHEMA archive",
    "ALTER SEQUENCE IF EXISTS public.s SET SCHEMA archive",
    "ALTER MATERIALIZED VIEW v RENAME TO w",
    "ALTER TYPE address DROP ATTRIBUTE zip",
    "ALTER TYPE address ALTER ATTRIBUTE zip TYPE text",
    "ALTER DOMAIN zip SET NOT NULL",
    "ALTER TABLE c DROP PARTITION p1",
    "ALTER TABLE c ALTER COLUMN name SET NOT NULL",
    "ALTER TABLE c ADD COLUMN age int NOT NULL",
    "ALTER TABLE c ADD age int CHECK (age > 0) NOT NULL",
    "ALTER TABLE c ADD (age int NOT NULL)",
    "ALTER TABLE c ADD id int PRIMARY KEY",
    "ALTER TABLE c ADD COLUMN (id int PRIMARY KEY, note text)",
    "ALTER IGNORE TABLE c DROP COLUMN name",
    "ALTER ONLINE IGNORE TABLE c DROP COLUMN name",
    "ALTER TABLE c ADD COLUMN (a int, b decimal(4, 2) NOT NULL)",
    "/*!50001 DROP TABLE c */",
    "DELETE FROM customers",
    "DELETE c FROM c JOIN d ON c.id = d.id",
    "WITH a AS (DELETE FROM c) DELETE FROM d WHERE id IN (SELECT id FROM a)",
    "WITH gone AS (DELETE FROM customers RETURNING id) SELECT * FROM gone WHERE id > 1",
    "DELETE FROM a USING (SELECT id FROM b WHERE x) AS b",
  ])("%s", (sql) => {
    expect(places(sql)).toEqual(["1 destructive"]);
  });
});

describe("takes a lock", () => {
  test.each([
    "CREATE INDEX i ON c (name)",
    "create unique index i on c (name)",
    "DROP INDEX i",
    "UPDATE c SET full_name = name",
    "UPDATE c SET n = (SELECT max(n) FROM d WHERE d.id = 1)",
  ])("%s", (sql) => {
    expect(places(sql)).toEqual(["1 lock"]);
  });
});

describe("is harmless", () => {
  test.each([
    "CREATE TABLE c (id int, type text NOT NULL, name text)",
    "ALTER TABLE c ADD COLUMN type text",
    "ALTER TABLE c ADD COLUMN name text NOT NULL DEFAULT ''",
    "ALTER TABLE c ADD COLUMN id bigint NOT NULL GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE c ADD (a int, b int NOT NULL DEFAULT 0, CHECK (a IS NOT NULL))",
    "ALTER TABLE c ADD COLUMN id bigserial PRIMARY KEY",
    "ALTER TABLE c ADD id int AUTO_INCREMENT PRIMARY KEY",
    "ALTER TABLE c ADD PRIMARY KEY (id)",
    "ALTER IGNORE TABLE c ADD COLUMN note text",
    "ALTER VIEW v SET (security_barrier = true)",
    "ALTER ROLE shop SET search_path = shop",
    "ALTER TABLE c ADD CONSTRAINT n CHECK (name IS NOT NULL) NOT VALID",
    "ALTER TABLE c ALTER COLUMN name DROP NOT NULL",
    "ALTER TABLE c ALTER COLUMN name SET DEFAULT 'x'",
    "ALTER TABLE c DROP CONSTRAINT k",
    "ALTER TABLE rename ADD COLUMN drop_me int",
    "CREATE INDEX CONCURRENTLY i ON c (name)",
    "CREATE TABLE IF NOT EXISTS n (id int); CREATE INDEX i ON n (id)",
    "DROP INDEX CONCURRENTLY i",
    "DELETE FROM c WHERE id < 10",
    "UPDATE c SET full_name = name WHERE id BETWEEN 1 AND 1000",
    "CREATE TABLE n (id int); UPDATE n SET id = 1",
    "DELETE c FROM c JOIN d ON c.id = d.id WHERE d.gone",
    "WITH gone AS (DELETE FROM c WHERE id = 1 RETURNING id) SELECT * FROM gone",
    "ALTER TABLE c ADD FOREIGN KEY (id) REFERENCES d ON DELETE CASCADE",
    "GRANT DELETE ON c TO shop",
    "-- DROP TABLE c",
    "/* DROP TABLE a; /* TRUNCATE b; */ DROP TABLE c */ SELECT 1",
    "INSERT INTO notes VALUES ('DROP TABLE c; it''s fine; TRUNCATE c')",
    "INSERT INTO notes VALUES (E'\\'; DROP TABLE c; --')",
    'SELECT 1 AS "; DROP TABLE c"',
    "SELECT `; DROP TABLE c`",
    "DO $body$ BEGIN EXECUTE 'DROP TABLE c; $$'; END $body$",
    "SELECT $$; DROP TABLE c; $$",
    "\\set x DROP\n\\echo ; DROP TABLE c",
    "COPY c FROM stdin;\nDROP TABLE c;\nTRUNCATE c;\n\\.\nSELECT 1",
  ])("%s", (sql) => {
    expect(scanSql(sql)).toEqual([]);
  });
});

test("names the line of each find, also behind text, comments and data of several lines", () => {
  const sql = [
    "-- one",
    "INSERT INTO a VALUES ('two",
    "three'); /* four",
    "*/ DROP TABLE a; TRUNCATE b;",
    "COPY c FROM stdin;",
    "DROP",
    "\\.",
    "ALTER TABLE c ADD x int,",
    "  DROP y;",
  ];
  expect(places(sql.join("\n"))).toEqual(["4 destructive", "4 destructive", "9 destructive"]);
});

describe("a long text takes no longer for each of its parts", () => {
  test.each([
    ["on one line", "INSERT INTO c VALUES (1, 'one'); ", 0],
    ["of many lines", "INSERT INTO c VALUES (1,\n'one');\n", 0],
    ["of one statement", "DELETE FROM c ", 1],
    ["with brackets", "((DELETE FROM c) ", 1],
  ])("%s", (_what, piece, finds) => {
    const times = Math.floor(2_000_000 / piece.length);
    const startedMs = performance.now();
    expect(scanSql(piece.repeat(times))).toHaveLength(finds * times);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});

describe("whatever the text is", () => {
  const seed = 20_301_107;
  const pieces = fc.constantFrom(
    ..."DROP TABLE TRUNCATE ALTER COLUMN TYPE RENAME DELETE FROM WHERE CREATE INDEX ON ADD SET NOT NULL COPY STDIN x".split(
      " ",
    ),
    ..."( ) ; , . * ' \" ` $$ $a$ -- /* */ \\ \n \u0000 é 1 E' $1 \u{1f600}".split(" "),
  );
  const noise = fc.oneof(
    fc.array(pieces, { maxLength: 60 }).map((all) => all.join(" ")),
    fc.string(),
  );

  test("it is looked through without an error, and lines are lines of it", () => {
    fc.assert(
      fc.property(noise, (sql) => {
        const lines = sql.split("\n").length;
        return scanSql(sql).every(({ line }) => line >= 1 && line <= lines);
      }),
      { seed, numRuns: 3_000 },
    );
  });

  test("what is quoted or commented never warns", () => {
    const quotes = fc.constantFrom<(text: string) => string>(
      (text) => `'${text.replaceAll("'", "''")}'`,
      (text) => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`,
      (text) => `"${text.replaceAll('"', '""')}"`,
      (text) => `$q$${text.replaceAll("$", "")}$q$`,
      (text) => `/*${text.replaceAll(/[/*]/g, "")}*/ 1`,
      (text) => `--${text.replaceAll("\n", " ")}\n 1`,
    );
    fc.assert(
      fc.property(noise, quotes, (sql, quote) => {
        return scanSql(`SELECT ${quote(`; DROP TABLE c; ${sql}`)} FROM t;`).length === 0;
      }),
      { seed, numRuns: 3_000 },
    );
  });

  test("a long text takes no long time", () => {
    const began = performance.now();
    scanSql("(".repeat(50_000) + "DELETE FROM a ".repeat(2_000) + "/*".repeat(50_000));
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
