/** What killed drivers leave in the folder for temporary files, with real processes. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeScratchFolder, removeLeftOver } from "../../../automation/adapters/scratch-folder.ts";

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "scratch-test-"));
});

afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

async function pidOfTheDead(): Promise<number> {
  const child = spawn("true", { stdio: "ignore" });
  await once(child, "exit");
  return child.pid ?? expect.fail("it never ran");
}

it("removes what dead processes left, and nothing else", async () => {
  const dead = `bluegreen-call-${await pidOfTheDead()}-Ab3dE9`;
  const alive = `bluegreen-call-${process.pid}-Ab3dE9`;
  const others = "bluegreen-demo-Ab3dE9";
  for (const name of [dead, alive, others]) {
    await mkdir(join(parent, name));
    await writeFile(join(parent, name, "Pulumi.dev.yaml"), "config: {}\n");
  }
  await removeLeftOver(parent);
  expect((await readdir(parent)).toSorted()).toEqual([alive, others]);
});

it("does nothing where there is no such folder", async () => {
  await expect(removeLeftOver(join(parent, "absent"))).resolves.toBeUndefined();
});

it("makes a folder that only its owner may read", async () => {
  const folder = await makeScratchFolder(parent);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});
