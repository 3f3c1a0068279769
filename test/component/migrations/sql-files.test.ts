/** SQL files of an expand, looked through before a deployment. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { judgeSql, lookThroughSql } from "../../../automation/migrations/sql-files.ts";
import { parseSettings } from "../../../infra/config.ts";
import { absolutePaths } from "../../../infra/config/absolute-paths.ts";

const cwd = mkdtempSync(join(tmpdir(), "bluegreen-sql-"));

afterAll(() => {
  rmSync(cwd, { recursive: true });
});

writeFileSync(join(cwd, "lock.sql"), "SELECT 1;\nCREATE INDEX i ON c (name);\n");
writeFileSync(join(cwd, "drop.sql"), "-- one\n\nDROP TABLE c;\n");

async function notesOf(
  sql: readonly string[],
  { refuseDestructive = false, schema = 1 } = {},
): Promise<readonly string[]> {
  const expand = { to: 2, argv: ["./migrate"], sql };
  const migrations = JSON.stringify({ works: { from: 1, to: 2 }, expand, refuseDestructive });
  const local = JSON.stringify({ command: ["app"] });
  const settings = absolutePaths(parseSettings({ environment: "dev", local, migrations }), cwd);
  const notes: string[] = [];
  const on: Parameters<typeof lookThroughSql>[0]["on"] = (event) => {
    if (event.kind === "Noted") notes.push(event.sentence);
  };
  const record = { database: { schema, steps: [], pending: null } };
  await lookThroughSql({ settings, cwd, on }, record);
  // What a preview tells.
  expect(await judgeSql({ settings, cwd }, record)).toEqual({ refusal: null, notes });
  return notes;
}

test("tells of each find by file and line", async () => {
  const notes = await notesOf(["lock.sql", "drop.sql"]);
  expect(notes).toEqual([
    expect.stringMatching(/^lock\.sql:2 .+CREATE INDEX CONCURRENTLY$/),
    expect.stringMatching(/^drop\.sql:3 drops .+\(DROP TABLE\)/),
  ]);
});

test("looks at nothing while the step isn't due", async () => {
  expect(await notesOf(["drop.sql", "missing.sql"], { schema: 2 })).toEqual([]);
});

test("refuses what is destructive where the settings say so, and only that", async () => {
  const options = { refuseDestructive: true };
  expect(await notesOf(["lock.sql"], options)).toHaveLength(1);
  await expect(notesOf(["lock.sql", "drop.sql"], options)).rejects.toMatchObject({
    code: "MIGRATION_REFUSED",
    details: [expect.stringMatching(/^drop\.sql:3 /)],
  });
});

test("says which file can't be read", async () => {
  await expect(notesOf(["missing.sql"])).rejects.toMatchObject({
    code: "SETTINGS_INVALID",
    message: expect.stringMatching(/^missing\.sql, named in bluegreen:migrations/) as string,
  });
});

test("bounds what it tells", async () => {
  writeFileSync(join(cwd, "many.sql"), "TRUNCATE a;\n".repeat(200));
  const notes = await notesOf(["many.sql"]);
  expect([notes.length, notes.at(-1)]).toEqual([51, "and 150 more"]);
});
