/** The event logs of an environment: one a run, and not more than can be of use. */

import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openJournal } from "../../automation/journal.ts";

test("a new log replaces the oldest of two hundred, and leaves other files alone", () => {
  const folder = mkdtempSync(join(tmpdir(), "journal-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const name = (day: number): string => `r-2030${String(1000 + day)}-120000-aaaa`;
  for (let day = 0; day < 205; day += 1) writeFileSync(join(folder, `${name(day)}.ndjson`), "");
  writeFileSync(join(folder, "notes.txt"), "");
  const complaints: string[] = [];
  const complain = (sentence: string): void => void complaints.push(sentence);
  const journal = openJournal({ folder, name: name(205), now: () => 0, complain });
  journal.on({ kind: "Noted", sentence: "one" });
  journal.on({ kind: "Noted", sentence: "two" });
  const files = readdirSync(folder).sort();
  expect(files).toHaveLength(201);
  expect(files.slice(0, 2)).toEqual(["notes.txt", `${name(6)}.ndjson`]);
  expect(readFileSync(join(folder, `${name(205)}.ndjson`), "utf8").split("\n")).toHaveLength(3);
  expect(complaints).toEqual([]);
});
