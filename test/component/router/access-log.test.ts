/** The access log as a file: rotation, and what happens when it can't be written. */

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { AccessLog } from "../../../infra/platforms/local/router/access-log.ts";
import { onEnd, tempDir } from "./support.ts";

const entry = {
  client: "127.0.0.1",
  method: "GET",
  path: "/",
  status: 200,
  color: "blue",
  preview: false,
  ms: 1,
  tries: 1,
};

test("sets full files aside and keeps only the newest of them", async () => {
  const dir = tempDir();
  const log = new AccessLog(join(dir, "access.log"), { maxBytes: 1000, keep: 2 });
  onEnd(() => log.close());
  for (let round = 0; round < 20; round += 1) {
    for (let line = 0; line < 4; line += 1) log.write({ ...entry, path: `/${round}` });
    await log.flush();
  }
  expect(
    readdirSync(dir)
      .filter((name) => /\.\d$/.test(name))
      .sort(),
  ).toEqual(["access.log.1", "access.log.2"]);
  const files = readdirSync(dir).map((name) => join(dir, name));
  for (const file of files) expect(statSync(file).size).toBeLessThan(2000);
  expect(files.some((file) => readFileSync(file, "utf8").includes('"/19"'))).toBe(true);
  expect(log.problem).toBeNull();
});

test("drops lines and says so when the file can't be written", async () => {
  const dir = tempDir();
  mkdirSync(join(dir, "access.log"));
  const log = new AccessLog(join(dir, "access.log"));
  onEnd(() => log.close());
  log.write(entry);
  await log.flush();
  expect(log.problem).toMatch(/^1 access log lines were dropped: /);
  expect(existsSync(join(dir, "access.log.1"))).toBe(false);
});
