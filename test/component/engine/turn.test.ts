/** Whose turn it is: a dead owner is followed, and nobody ends another's turn. */
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { afterEach, beforeEach, expect, it } from "vitest";
import { inTurn } from "../../../automation/engine/turn.ts";
import { makeScratch } from "./scratch.ts";
import type { Scratch } from "./scratch.ts";

let scratch: Scratch;

beforeEach(async () => {
  scratch = await makeScratch();
});

afterEach(() => scratch.remove());

const options = { limitMs: 5_000, onWait: () => undefined };

function ownerFile(pid: number): string {
  return JSON.stringify({ pid, host: hostname(), id: "another" });
}

it("leaves the turn to who has taken it over meanwhile", async () => {
  const file = scratch.path("turn");
  const other = ownerFile(process.ppid);
  await inTurn(file, options, async () => {
    await rm(file);
    await writeFile(file, other);
  });
  expect(await readFile(file, "utf8")).toBe(other);
  expect(await readdir(scratch.folder)).toEqual(["turn"]);
});

it("follows a dead owner, and leaves nothing", async () => {
  const file = scratch.path("turn");
  await writeFile(file, ownerFile(2 ** 30));
  expect(await inTurn(file, options, () => Promise.resolve("done"))).toBe("done");
  expect(await readdir(scratch.folder)).toEqual([]);
});

it("is had by one at a time when several follow a dead owner", async () => {
  const file = scratch.path("turn");
  await writeFile(file, ownerFile(2 ** 30));
  let working = 0;
  let most = 0;
  const work = async () => {
    working += 1;
    most = Math.max(most, working);
    await readdir(scratch.folder);
    working -= 1;
  };
  await Promise.all(Array.from({ length: 6 }, () => inTurn(file, options, work)));
  expect(most).toBe(1);
});
