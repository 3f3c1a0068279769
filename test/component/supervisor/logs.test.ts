/** Logs of instances: bounded, and readable while they are written. */

import { appendFileSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { ensureColor, readLogs } from "../../../infra/platforms/local/supervisor/client.ts";
import type { LogLine } from "../../../infra/platforms/local/supervisor/client.ts";
import { rotateWhenLarge } from "../../../infra/platforms/local/supervisor/log-files.ts";
import { colorDir, server, specOf, tempDir, textOf, waitFor } from "./color-fixture.ts";

async function all(lines: AsyncIterable<LogLine>): Promise<string[]> {
  const seen: string[] = [];
  for await (const { instance, line } of lines) seen.push(`${instance} ${line}`);
  return seen;
}

function folderWithLogs(logs: Readonly<Record<string, string>>): string {
  const dir = tempDir();
  mkdirSync(join(dir, "logs"));
  for (const [name, text] of Object.entries(logs)) writeFileSync(join(dir, "logs", name), text);
  return dir;
}

test("a log that grows is rotated while the instance writes on", async () => {
  const dir = colorDir();
  const talking = `${server}
    setInterval(() => { for (let i = 0; i < 20; i += 1) console.log("x".repeat(99)); }, 20);`;
  const bounds = { maxBytes: 50_000, keep: 2 };
  await ensureColor(dir, specOf(talking, { logs: bounds }));
  const log = join(dir, "logs/0.log");
  await waitFor(
    () => existsSync(`${log}.2`),
    (exists) => exists,
    15_000,
  );
  expect(statSync(`${log}.1`).size).toBeLessThanOrEqual(bounds.maxBytes);
  expect(existsSync(`${log}.3`)).toBe(false);
  const size = statSync(log).size;
  await waitFor(
    () => statSync(log).size,
    (now) => now !== size,
  );
  expect(textOf(log)).not.toContain("\0");
});

test("rotation keeps as many former logs as it is told, the newest first", () => {
  const log = join(tempDir(), "0.log");
  for (const text of ["one", "two", "three", "four"]) {
    appendFileSync(log, text.repeat(10));
    rotateWhenLarge(log, { maxBytes: 10, keep: 2 });
  }
  expect(textOf(`${log}.1`)).toBe("four".repeat(10).slice(-10));
  expect(textOf(`${log}.2`)).toBe("three".repeat(10).slice(-10));
  expect(existsSync(`${log}.3`)).toBe(false);
  expect(textOf(log)).toBe("");
});

test("a tail has the last lines of each instance, also those before a rotation", async () => {
  const dir = folderWithLogs({
    "0.log": "c\nd\n",
    "0.log.1": "a\nb\n",
    "10.log": "z",
    "2.log": "",
  });
  expect(await all(readLogs(dir, { tail: 3 }))).toEqual(["0 b", "0 c", "0 d", "10 z"]);
  expect(await all(readLogs(dir, { tail: 0 }))).toEqual([]);
  expect(await all(readLogs(join(dir, "none")))).toEqual([]);
});

test("following gives whole new lines, of new instances too, across a rotation", async () => {
  const dir = folderWithLogs({ "0.log": "before\n" });
  const log = join(dir, "logs/0.log");
  const end = new AbortController();
  const lines = readLogs(dir, { tail: 1, follow: end.signal })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value as LogLine | undefined;
  expect(await next()).toEqual({ instance: 0, line: "before" });
  appendFileSync(log, "half");
  setTimeout(() => {
    appendFileSync(log, " a line, \u00fcber\n");
  }, 300);
  expect(await next()).toEqual({ instance: 0, line: "half a line, über" });
  rotateWhenLarge(log, { maxBytes: 10, keep: 1 });
  appendFileSync(log, "after\n");
  expect(await next()).toEqual({ instance: 0, line: "after" });
  writeFileSync(join(dir, "logs/1.log"), "another\n");
  expect(await next()).toEqual({ instance: 1, line: "another" });
  end.abort();
  expect((await lines.next()).done).toBe(true);
});
