/** What belongs to a release, and that its copy is whole and named by its content. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";

import { afterEach, describe, expect, test } from "vitest";

import {
  collectRelease,
  copyRelease,
  hashRelease,
  pruneReleases,
  releaseDigest,
  specDigest,
} from "../../../infra/platforms/local/release-files.ts";

const folders: string[] = [];

function tempDir(): string {
  const dir = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "release-files-")));
  folders.push(dir);
  return dir;
}

function folderWith(files: Readonly<Record<string, string>>): string {
  const dir = tempDir();
  for (const [path, content] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(dir, path)), { recursive: true });
    fs.writeFileSync(join(dir, path), content);
  }
  return dir;
}

async function pathsOf(options: Parameters<typeof collectRelease>[0]): Promise<string[]> {
  return (await collectRelease(options)).map((file) => file.path);
}

afterEach(() => {
  for (const dir of folders.splice(0)) fs.rmSync(dir, { recursive: true, force: true });
});

describe("what belongs to a release", () => {
  const files = {
    "a.js": "1",
    "sub/b.js": "2",
    "node_modules/dep/index.js": "3",
    "node_modules/dep/.git/HEAD": "4",
    ".git/HEAD": "5",
    ".bluegreen/state": "6",
    ".env": "7",
  };

  test("everything but version control and the project's own state, sorted", async () => {
    const expected = [".env", "a.js", "node_modules/dep/index.js", "sub/b.js"];
    expect(await pathsOf({ cwd: folderWith(files) })).toEqual(expected);
  });

  test("no settings of ours, at any depth, and all of another program's", async () => {
    const names = ["Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.dev-2.yaml", "Pulumi.md"];
    const of = (folder: string, main: string) =>
      names.map((name) => [`${folder}${name}`, name === "Pulumi.yaml" ? main : ""]);
    const ours = "name: shop\nmain: .bluegreen/infra/index.ts\n";
    const other = of("other/", "name: net\nmain: net/index.ts\n");
    const all = [...of("", ours), ...of("deploy/", ours), ...other, ["a.js", ""]];
    const cwd = folderWith(Object.fromEntries(all) as Record<string, string>);
    const rest = ["Pulumi.md", "a.js", "deploy/Pulumi.md", ...other.map(([name]) => name)];
    expect(await pathsOf({ cwd })).toEqual(rest.sort());
  });

  test("include takes a folder whole, exclude without a slash a name at any depth", async () => {
    const cwd = folderWith(files);
    expect(await pathsOf({ cwd, include: ["sub", "*.js"] })).toEqual(["a.js", "sub/b.js"]);
    expect(await pathsOf({ cwd, include: ["node_modules/**/*.js"] })).toEqual([
      "node_modules/dep/index.js",
    ]);
    expect(await pathsOf({ cwd, exclude: ["b.js", "node_modules/", ".e*"] })).toEqual(["a.js"]);
  });

  test("an empty folder belongs to it, a socket doesn't", async () => {
    const cwd = folderWith({ "a.js": "1" });
    fs.mkdirSync(join(cwd, "uploads"));
    const server = createServer().listen(join(cwd, "x.sock"));
    await once(server, "listening");
    try {
      expect(await pathsOf({ cwd })).toEqual(["a.js", "uploads"]);
    } finally {
      server.close();
    }
  });

  test("names the setting when there is no folder, no file, or too much", async () => {
    const cwd = folderWith({ a: "12345", b: "12345" });
    await expect(collectRelease({ cwd: join(cwd, "none") })).rejects.toThrow(/local\.cwd.*ENOENT/);
    await expect(collectRelease({ cwd: join(cwd, "a") })).rejects.toThrow(/isn't a folder/);
    await expect(collectRelease({ cwd, include: ["*.js"] })).rejects.toMatchObject({
      code: "SETTINGS_INVALID",
      hint: expect.stringContaining("local.include") as string,
    });
    await expect(collectRelease({ cwd, maxFiles: 1 })).rejects.toMatchObject({
      hint: expect.stringContaining("local.maxFiles") as string,
    });
    await expect(collectRelease({ cwd, maxBytes: 9 })).rejects.toMatchObject({
      hint: expect.stringContaining("local.maxBytes") as string,
    });
  });

  test.each([
    ["to the parent", "../outside"],
    ["absolutely", "/etc/hosts"],
  ])("refuses a link that leads out %s", async (_how, target) => {
    const cwd = folderWith({ a: "1" });
    fs.symlinkSync(target, join(cwd, "link"));
    await expect(collectRelease({ cwd })).rejects.toThrow(/link leads out of the folder/);
  });

  test("refuses a link that leads out by way of another link", async () => {
    const cwd = folderWith({ "x/y/a": "1" });
    const outside = tempDir();
    fs.symlinkSync("../..", join(cwd, "x/y/up"));
    fs.symlinkSync(`up/../${basename(outside)}`, join(cwd, "x/y/out"));
    await expect(collectRelease({ cwd })).rejects.toThrow(/x\/y\/out leads out/);
  });
});

describe("the copy of a release", () => {
  test("keeps contents, executable bits, links and empty folders", async () => {
    const cwd = folderWith({ "bin/run": "#!/bin/sh\n", "data.txt": "text" });
    fs.chmodSync(join(cwd, "bin/run"), 0o755);
    fs.symlinkSync("../data.txt", join(cwd, "bin/data"));
    fs.mkdirSync(join(cwd, "uploads"));
    const { dir } = await copyRelease({ cwd }, join(tempDir(), "store"));
    expect(fs.readFileSync(join(dir, "data.txt"), "utf8")).toBe("text");
    expect(fs.statSync(join(dir, "bin/run")).mode & 0o111).toBe(0o111);
    expect(fs.readlinkSync(join(dir, "bin/data"))).toBe("../data.txt");
    expect(fs.readdirSync(join(dir, "uploads"))).toEqual([]);
  });

  test("has the same digest elsewhere, at other times and in another order", async () => {
    const store = tempDir();
    const one = await copyRelease({ cwd: folderWith({ a: "1", "b/c": "2" }) }, store);
    const elsewhere = folderWith({ "b/c": "2", a: "1" });
    fs.utimesSync(join(elsewhere, "a"), 1, 1);
    expect(await copyRelease({ cwd: elsewhere }, store)).toEqual(one);
    expect(await hashRelease({ cwd: elsewhere })).toBe(one.filesDigest);
    expect(one.filesDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(fs.readdirSync(store)).toEqual([one.filesDigest.slice(7)]);
  });

  test("has another digest for other content, another name or another executable bit", async () => {
    const store = tempDir();
    const folders = [{ a: "1" }, { a: "2" }, { b: "1" }].map(folderWith);
    const executable = folderWith({ a: "1" });
    fs.chmodSync(join(executable, "a"), 0o755);
    const digests = new Set<string>();
    for (const cwd of [...folders, executable]) {
      digests.add((await copyRelease({ cwd }, store)).filesDigest);
    }
    expect(digests.size).toBe(4);
  });

  test("leaves the store itself out when it lies within the folder", async () => {
    const cwd = folderWith({ a: "1" });
    const store = join(cwd, "[state]");
    const first = await copyRelease({ cwd }, store);
    expect(await copyRelease({ cwd }, store)).toEqual(first);
    expect(fs.readdirSync(first.dir)).toEqual(["a"]);
  });

  test("two copies at the same time give one folder", async () => {
    const cwd = folderWith({ a: "1", b: "2" });
    const store = tempDir();
    const copies = await Promise.all([1, 2, 3].map(() => copyRelease({ cwd }, store)));
    expect(new Set(copies.map((copy) => copy.dir)).size).toBe(1);
    expect(fs.readdirSync(store)).toHaveLength(1);
  });

  test("cut short by a kill, it isn't taken for whole, and pruning removes the rest", async () => {
    const many = Array.from({ length: 2000 }, (_, index) => [`d${index % 50}/f${index}`, "x"]);
    const cwd = folderWith(Object.fromEntries(many) as Record<string, string>);
    const store = tempDir();
    await killDuringCopy(cwd, store);
    expect(fs.readdirSync(store)).toEqual([expect.stringMatching(/^\.part-/)]);

    const { dir } = await copyRelease({ cwd }, store);
    expect(await collectRelease({ cwd: dir })).toHaveLength(2000);
    expect(await pruneReleases(store, [dir])).toEqual([]);
    expect(fs.readdirSync(store)).toEqual([dir.slice(store.length + 1)]);
  });

  test("has its name only when every file and folder of it is on the disk", async () => {
    const cwd = folderWith({ a: "1", "b/c/d": "2", "b/e": "3" });
    fs.mkdirSync(join(cwd, "f"));
    fs.symlinkSync("a", join(cwd, "link"));
    const store = tempDir();
    const synced: { path: string; named: boolean }[] = [];
    const sync = (path: string): Promise<void> => {
      const named = fs.readdirSync(store).some((name) => !name.startsWith(".part-"));
      synced.push({ path: relative(store, path).split("/").slice(1).join("/"), named });
      return Promise.resolve();
    };
    await copyRelease({ cwd }, store, { sync });
    const before = synced.filter(({ named }) => !named).map(({ path }) => path);
    expect(before.sort()).toEqual(["", "a", "b", "b/c", "b/c/d", "b/e", "f"]);
    expect(synced.at(-1), "the store, which holds the name").toEqual({ path: "", named: true });
    expect(synced).toHaveLength(before.length + 1);
  });

  test("isn't there when the disk didn't take it", async () => {
    const store = tempDir();
    const sync = (path: string): Promise<void> =>
      path.endsWith("/b") ? Promise.reject(new Error("the disk is gone")) : Promise.resolve();
    const copy = copyRelease({ cwd: folderWith({ a: "1", b: "2" }) }, store, { sync });
    await expect(copy).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(fs.readdirSync(store)).toEqual([]);
  });

  test("says which folder needs space when the disk is full, and leaves nothing there", async () => {
    const store = tempDir();
    const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    const sync = (): Promise<void> => Promise.reject(full);
    await expect(
      copyRelease({ cwd: folderWith({ a: "1" }) }, store, { sync }),
    ).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: `the release couldn't be copied into ${store}: ENOSPC: no space left on device`,
      hint: `free some space for ${store}, then run the command again`,
    });
    expect(fs.readdirSync(store)).toEqual([]);
  });

  test("names the folder that can't be made", async () => {
    const cwd = folderWith({ a: "1" });
    const store = join(cwd, "a", "store");
    await expect(copyRelease({ cwd }, store)).rejects.toMatchObject({
      code: "STORE_FAILED",
      hint: expect.stringContaining(store) as string,
    });
  });

  test("is removed when nothing keeps it", async () => {
    const store = tempDir();
    const kept = await copyRelease({ cwd: folderWith({ a: "1" }) }, store);
    const unused = await copyRelease({ cwd: folderWith({ a: "2" }) }, store);
    expect(await pruneReleases(store, [kept.filesDigest])).toEqual([unused.filesDigest]);
    expect(fs.readdirSync(store)).toEqual([kept.filesDigest.slice(7)]);
    expect(await pruneReleases(join(store, "none"), [])).toEqual([]);
  });

  test("stays a while after it was copied or taken again, as somebody may be filling with it", async () => {
    const store = tempDir();
    const cwd = folderWith({ a: "1" });
    const { dir, filesDigest } = await copyRelease({ cwd }, store);
    const longAgo = new Date(Date.now() - 3_600_000);
    fs.utimesSync(dir, longAgo, longAgo);
    await copyRelease({ cwd }, store);
    expect(await pruneReleases(store, [], { youngMs: 60_000 })).toEqual([]);
    expect(fs.readdirSync(store)).toEqual([filesDigest.slice(7)]);
    fs.utimesSync(dir, longAgo, longAgo);
    expect(await pruneReleases(store, [], { youngMs: 60_000 })).toEqual([filesDigest]);
  });
});

describe("a release's digest", () => {
  const parts = { version: "1", command: ["a", "b"], filesDigest: "sha256:0" };
  const env = { A: "1", B: "2" };
  const digestOf = (more: object = {}, application = "shop-abcdef") =>
    releaseDigest({ ...parts, env, ...more }, application);

  test("doesn't depend on the order of keys, but on every value", async () => {
    const digest = await digestOf();
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await releaseDigest({ env: { B: "2", A: "1" }, ...parts }, "shop-abcdef")).toBe(digest);
    for (const more of [{ env: { A: "1", B: "3" } }, { env: { A: "1" } }, { command: ["b"] }]) {
      expect(await digestOf(more)).not.toBe(digest);
    }
  });

  test("can't be guessed from a weak secret by one quick hash, nor for two applications at once", async () => {
    const digest = await digestOf();
    expect(digest).not.toBe(specDigest({ ...parts, env }));
    expect(await digestOf({}, "other-abcdef")).not.toBe(digest);
    const cpu = process.cpuUsage();
    await digestOf();
    // A quick hash takes some microseconds.
    expect(process.cpuUsage(cpu).user).toBeGreaterThan(10_000);
  });
});

/** Ends a copying process by SIGKILL as soon as its first file is in the store. */
async function killDuringCopy(cwd: string, store: string): Promise<void> {
  const module = join(import.meta.dirname, "../../../infra/platforms/local/release-files.ts");
  const code = `const { copyRelease } = await import(${JSON.stringify(pathToFileURL(module).href)});
    await copyRelease({ cwd: ${JSON.stringify(cwd)} }, ${JSON.stringify(store)});`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
  const ended = once(child, "exit");
  try {
    const deadline = performance.now() + 8000;
    while (fs.readdirSync(store).length === 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  } finally {
    child.kill("SIGKILL");
  }
  expect((await ended)[1]).toBe("SIGKILL");
}
