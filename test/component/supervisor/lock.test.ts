/** That one process at a time looks after a color, also after kills. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { expect, test } from "vitest";

import {
  colorFolder,
  prepareFolder,
} from "../../../infra/platforms/local/supervisor/color-folder.ts";
import {
  acquireLock,
  currentHolder,
} from "../../../infra/platforms/local/supervisor/supervisor-lock.ts";
import { tempDir } from "./color-fixture.ts";

const sources = join(import.meta.dirname, "../../../infra/platforms/local/supervisor");
const urlOf = (name: string) => JSON.stringify(pathToFileURL(join(sources, name)).href);

/** Says "ready", tries once per byte it is sent, says "won" or "lost", and stays. */
const contender = (dir: string) => `
  const { acquireLock } = await import(${urlOf("supervisor-lock.ts")});
  const { colorFolder } = await import(${urlOf("color-folder.ts")});
  const folder = colorFolder(${JSON.stringify(dir)});
  process.stdout.write("ready");
  process.stdin.on("data", () => {
    process.stdout.write(acquireLock(folder, null) === null ? "lost" : "won");
  });`;

async function said(child: ChildProcess): Promise<string> {
  const [text] = (await once(child.stdout ?? expect.fail(), "data")) as [Buffer];
  return text.toString("utf8");
}

test("of many processes that follow a dead holder at the same time, one wins", async () => {
  const dir = tempDir();
  const args = ["--input-type=module", "-e", contender(dir)];
  const start = () => spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  let contenders = Array.from({ length: 5 }, start);
  try {
    await Promise.all(contenders.map(said));
    while (contenders.length > 1) {
      const answers = contenders.map(said);
      for (const child of contenders) child.stdin.write("!");
      const results = await Promise.all(answers);
      expect(results.filter((result) => result === "won")).toHaveLength(1);
      const winner = contenders[results.indexOf("won")] ?? expect.fail("nobody won");
      expect(currentHolder(colorFolder(dir))?.pid).toBe(winner.pid);
      winner.kill("SIGKILL");
      await once(winner, "exit");
      contenders = contenders.filter((child) => child !== winner);
    }
    expect(currentHolder(colorFolder(dir))).toBeNull();
    expect(readdirSync(dir)).toEqual(["supervisor.lock.4"]);
  } finally {
    for (const child of contenders) child.kill("SIGKILL");
  }
});

test("a lock that was released can be taken again by the same process", async () => {
  const folder = colorFolder(join(tempDir(), "blue"));
  prepareFolder(folder);
  const lock = acquireLock(folder, null) ?? expect.fail("it wasn't free");
  expect(lock.standing()).toBe("held");
  expect(acquireLock(folder, null)).toBeNull();
  await lock.release();
  expect(acquireLock(folder, null)).not.toBeNull();
  expect(lock.standing()).toBe("lost");
});
