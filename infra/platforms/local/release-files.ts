/** Copies the files of a release into a store, under the name that their content gives them. */

import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { BlueGreenError, messageOf } from "../../errors.ts";
import { syncPath, wayToWrite } from "../../durable-file.ts";
import { startOf } from "../../process-identity.ts";
import { concealEnv } from "./concealed-env.ts";
import { collectRelease, unreadable } from "./release-tree.ts";
import type { ReleaseFile, ReleaseFilesOptions } from "./release-tree.ts";
import { canonicalJson } from "./supervisor/canonical-json.ts";

export { collectRelease } from "./release-tree.ts";
export type { ReleaseFile, ReleaseFilesOptions } from "./release-tree.ts";

export interface CopiedRelease {
  /** "sha256:..." over paths, executable bits and contents; not over times or the place. */
  readonly filesDigest: string;
  readonly dir: string;
}

const filesAtOnce = 8;
const copyAttempts = 2;

/** `sync` is fulfilled once a file's content, or the names in a folder, survive a power cut. */
export interface Disk {
  readonly sync: (path: string) => Promise<void>;
}

/**
 * Copies the files into `<storeDir>/<hex digest>`, where what is there already is used again. The
 * folder appears whole or not at all, whenever this is killed or the power is cut: it gets its name
 * when everything in it is on the disk. Blocks are shared with the original where the file system
 * can.
 *
 * @throws BlueGreenError as `collectRelease`; STORE_FAILED when it can't be written, or the files
 * keep changing while they are copied.
 */
export async function copyRelease(
  options: ReleaseFilesOptions,
  storeDir: string,
  disk: Disk = { sync: syncPath },
): Promise<CopiedRelease> {
  const store = resolve(storeDir);
  try {
    await fs.mkdir(store, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw uncopied(store, error);
  }
  for (let attempt = 1; attempt <= copyAttempts; attempt += 1) {
    const files = await collectRelease(options, store);
    const filesDigest = await digestOf(options.cwd, files);
    const dir = join(store, hexOf(filesDigest));
    const copy = { root: options.cwd, files, filesDigest, dir, disk };
    if ((await takeAgain(dir)) || (await copyOnce(copy))) return { filesDigest, dir };
  }
  throw new BlueGreenError(
    "STORE_FAILED",
    `files in ${options.cwd} changed while they were copied`,
    {
      hint: "Wait until your build is done, or leave files that change out by local.exclude.",
    },
  );
}

/**
 * The digest that `copyRelease` would give, without a copy; name the same store where it may lie
 * within the folder.
 *
 * @throws BlueGreenError as `collectRelease`.
 */
export async function hashRelease(
  options: ReleaseFilesOptions,
  storeDir?: string,
): Promise<string> {
  return await digestOf(options.cwd, await collectRelease(options, storeDir));
}

/**
 * "sha256:..." over everything that makes a release what it is, whatever the order of keys. It is
 * shown to everybody, so the values of `env` go into it by a slow hash.
 */
export async function releaseDigest(
  parts: Readonly<Record<string, unknown>> & {
    readonly version: string;
    readonly command: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly filesDigest: string;
  },
  application: string | null,
): Promise<string> {
  return specDigest({ ...parts, env: await concealEnv(parts.env, application) });
}

/** Covers the data alone, whatever the order of keys. */
export function specDigest(parts: Readonly<Record<string, unknown>>): string {
  return `sha256:${createHash("sha256").update(canonicalJson(parts)).digest("hex")}`;
}

/**
 * Removes all copies but those in `keep` (digests or folders), and what killed copies left behind.
 * A copy that was made or taken again within `youngMs` (default 0) stays, too. Returns the digests
 * that were removed.
 */
export async function pruneReleases(
  storeDir: string,
  keep: readonly string[],
  { youngMs = 0 }: { readonly youngMs?: number } = {},
): Promise<string[]> {
  if (!(await exists(storeDir))) return [];
  const kept = new Set(keep.map((name) => hexOf(basename(name))));
  const removed: string[] = [];
  for (const name of await fs.readdir(storeDir)) {
    const path = join(storeDir, name);
    const maker = /^\.part-(\d+)-/.exec(name)?.[1];
    if (maker !== undefined && startOf(Number(maker)) === null) await removeTree(path);
    if (!/^[0-9a-f]{64}$/.test(name) || kept.has(name)) continue;
    if (await isYoung(path, youngMs)) continue;
    const doomed = partOf(storeDir);
    await fs.rename(path, doomed);
    // Once more under its other name: nobody takes it again from here on.
    if (await isYoung(doomed, youngMs)) {
      await fs.rename(doomed, path);
      continue;
    }
    await removeTree(doomed);
    removed.push(`sha256:${name}`);
  }
  return removed;
}

async function digestOf(root: string, files: readonly ReleaseFile[]): Promise<string> {
  const lines = await inParallel(files, async (file) => {
    if (file.kind === "folder") return ["folder", file.path];
    if (file.kind === "link") return ["link", file.path, file.target];
    const content = await contentHash(join(root, file.path));
    return ["file", file.path, file.executable ? "x" : "-", content];
  });
  const hash = createHash("sha256");
  for (const line of lines) hash.update(`${JSON.stringify(line)}\n`);
  return `sha256:${hash.digest("hex")}`;
}

async function contentHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await fs.open(path, "r").catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const buffer = Buffer.allocUnsafe(256 * 1024);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

interface Copy {
  readonly root: string;
  readonly files: readonly ReleaseFile[];
  readonly filesDigest: string;
  readonly dir: string;
  readonly disk: Disk;
}

/** False when the files aren't those of the digest any more; then nothing is left behind. */
async function copyOnce(copy: Copy): Promise<boolean> {
  const { root, files, filesDigest, dir, disk } = copy;
  const part = partOf(dirname(dir));
  try {
    await fs.mkdir(part, { mode: 0o700 });
    const folders = await makeFolders(part, files);
    await inParallel(files, (file) => copyFile(root, part, file, disk));
    if ((await digestOf(part, files)) !== filesDigest) return false;
    await inParallel(folders, (folder) => disk.sync(join(part, folder)));
    await fs.rename(part, dir);
    await disk.sync(dirname(dir));
    return true;
  } catch (error) {
    // Another process may have been faster with the same copy.
    if (await exists(dir)) return true;
    if (error instanceof BlueGreenError) throw error;
    throw uncopied(dirname(dir), error);
  } finally {
    await removeTree(part);
  }
}

function uncopied(store: string, error: unknown): BlueGreenError {
  const message = `the release couldn't be copied into ${store}: ${messageOf(error)}`;
  return new BlueGreenError("STORE_FAILED", message, {
    hint: wayToWrite(error, store),
    cause: error,
  });
}

/** Returns all folders that were made, the release's own as ".". */
async function makeFolders(
  part: string,
  files: readonly ReleaseFile[],
): Promise<readonly string[]> {
  const made = new Set(["."]);
  const needed = files.map(({ kind, path }) => (kind === "folder" ? path : dirname(path)));
  for (const folder of new Set(needed)) {
    await fs.mkdir(join(part, folder), { recursive: true });
    for (let above = folder; !made.has(above); above = dirname(above)) made.add(above);
  }
  return [...made];
}

async function copyFile(root: string, part: string, file: ReleaseFile, disk: Disk): Promise<void> {
  const copy = join(part, file.path);
  if (file.kind === "link") await fs.symlink(file.target, copy);
  if (file.kind === "file") {
    await fs.copyFile(join(root, file.path), copy, constants.COPYFILE_FICLONE);
    await disk.sync(copy);
  }
}

/** A name that `pruneReleases` recognizes once its maker is dead. */
function partOf(store: string): string {
  return join(store, `.part-${process.pid}-${randomBytes(6).toString("hex")}`);
}

function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, "");
}

async function isYoung(dir: string, youngMs: number): Promise<boolean> {
  return Date.now() - (await fs.stat(dir)).mtimeMs < youngMs;
}

/** Marks a copy that is there as in use; false where there is none. */
async function takeAgain(dir: string): Promise<boolean> {
  const now = new Date();
  return await fs.utimes(dir, now, now).then(
    () => true,
    () => false,
  );
}

async function removeTree(path: string): Promise<void> {
  await fs.rm(path, { recursive: true, force: true, maxRetries: 3 });
}

async function exists(path: string): Promise<boolean> {
  return await fs.access(path).then(
    () => true,
    () => false,
  );
}

/** Results in the order of the items; after a failure no further item is begun. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const rest = items.entries();
  const worker = async () => {
    for (const [index, item] of rest) {
      if (failures.length > 0) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
