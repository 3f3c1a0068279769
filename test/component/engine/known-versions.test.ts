/** An engine whose file hasn't changed isn't asked for its version again; a shim always is. */
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findEngine } from "../../../automation/engine/location.ts";
import { makeScratch } from "./scratch.ts";
import type { Scratch } from "./scratch.ts";

let scratch: Scratch;
let env: Record<string, string>;

beforeEach(async () => {
  scratch = await makeScratch();
  const cache = scratch.path("cache");
  env = {
    PATH: `${scratch.path("bin")}:/usr/bin:/bin`,
    HOME: scratch.folder,
    XDG_CACHE_HOME: cache,
  };
});

afterEach(() => scratch.remove());

/** Notes each time that it is asked; as large as an engine where it is padded. */
async function engineOf(version: string, { large }: { large: boolean }): Promise<void> {
  const body = `echo asked >> ${scratch.path("asked.log")}; echo v${version}; exit 0`;
  const file = await scratch.script("bin/pulumi", body);
  if (large) await appendFile(file, Buffer.alloc(10_000_000, "#"));
}

async function timesAsked(): Promise<number> {
  const text = await readFile(scratch.path("asked.log"), "utf8");
  return text.trim().split("\n").length;
}

async function versionNow(): Promise<string> {
  return (await findEngine({ env, allowFetch: false, remember: true })).version;
}

it("asks once, and tells the same afterwards", async () => {
  await engineOf("3.258.0", { large: true });
  expect([await versionNow(), await versionNow(), await versionNow()]).toEqual(
    Array(3).fill("3.258.0"),
  );
  expect(await timesAsked()).toBe(1);
});

it("asks again when the file has changed", async () => {
  await engineOf("3.258.0", { large: true });
  await versionNow();
  await engineOf("3.257.0", { large: true });
  expect(await versionNow()).toBe("3.257.0");
  expect(await timesAsked()).toBe(2);
});

it("always asks a small file: a version manager's shim answers by the folder", async () => {
  await engineOf("3.258.0", { large: false });
  await versionNow();
  await versionNow();
  expect(await timesAsked()).toBe(2);
});

it("asks again where what was remembered can't be read", async () => {
  await engineOf("3.258.0", { large: true });
  await versionNow();
  await writeFile(scratch.path("cache/bluegreen/engine/versions.json"), "{ torn");
  expect(await versionNow()).toBe("3.258.0");
  expect(await timesAsked()).toBe(2);
});

it("never remembers unless it is asked to", async () => {
  await engineOf("3.258.0", { large: true });
  await findEngine({ env, allowFetch: false });
  await findEngine({ env, allowFetch: false });
  expect(await timesAsked()).toBe(2);
});

it("refuses a remembered engine that is too old as it refuses any other", async () => {
  await engineOf("3.249.0", { large: true });
  await expect(versionNow()).rejects.toMatchObject({ code: "ENGINE_MISSING" });
  await expect(versionNow()).rejects.toMatchObject({ code: "ENGINE_MISSING" });
});
