/** Finds the files that make up a release, and refuses a folder that can't be one. */

import type { Dirent, Stats } from "node:fs";
import * as fs from "node:fs/promises";
import {
  basename,
  dirname,
  isAbsolute,
  join,
  matchesGlob,
  relative,
  resolve,
  sep,
} from "node:path";

import { BlueGreenError, messageOf } from "../../errors.ts";
import { defaultMaxBytes, defaultMaxFiles } from "./release-limits.ts";

export interface ReleaseFilesOptions {
  /** Folder of the release's files. */
  readonly cwd: string;
  /** Globs relative to `cwd`; one that matches a folder takes all of it. Default: everything. */
  readonly include?: readonly string[];
  /**
   * Globs relative to `cwd`; one without a slash matches a name at any depth. Version control and
   * the project's own state (`.git`, `.pulumi`, `.bluegreen`) never belong to a release, nor do
   * its settings: they are written to by a deployment.
   */
  readonly exclude?: readonly string[];
  /** Default `defaultMaxFiles`. */
  readonly maxFiles?: number;
  /** Default `defaultMaxBytes`. */
  readonly maxBytes?: number;
}

/** A file, a symbolic link, or a folder with nothing in it; `path` is relative, with slashes. */
export type ReleaseFile =
  | { readonly kind: "file"; readonly path: string; readonly executable: boolean }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "folder"; readonly path: string };

const alwaysExcluded = [".git", ".pulumi", ".bluegreen"];

/**
 * The files of a release, sorted by path. Sockets, pipes and devices are left out.
 *
 * @throws BlueGreenError SETTINGS_INVALID: no folder, nothing in it, too much in it, or a symbolic
 * link that leaves it. A folder `skip` inside, such as the store, is left out as well.
 */
export async function collectRelease(
  options: ReleaseFilesOptions,
  skip?: string,
): Promise<ReleaseFile[]> {
  const root = await realFolder(options.cwd);
  const skipped = skip === undefined ? null : relative(root, await realFolder(skip));
  const found: ReleaseFile[] = [];
  const bounds = new Bounds(options);
  const visit = async (folder: string, isIncluded: boolean): Promise<void> => {
    const all = await fs.readdir(join(root, folder), { withFileTypes: true });
    const own = await isProject(join(root, folder), all);
    const entries = own ? all.filter(({ name }) => !settingsName.test(name)) : all;
    if (entries.length === 0 && isIncluded) found.push({ kind: "folder", path: folder });
    for (const entry of entries) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (path === skipped || isExcluded(path, options)) continue;
      const included = isIncluded || matchesAny(path, options.include ?? []);
      if (entry.isDirectory()) await visit(path, included);
      else if (included) found.push(...(await describe(root, path, entry, bounds)));
    }
  };
  await visit("", (options.include ?? []).length === 0).catch((error: unknown) => {
    throw unreadable(options.cwd, error);
  });
  if (found.some((file) => file.path !== "")) return found.sort(byPath);
  throw new BlueGreenError("SETTINGS_INVALID", `local.cwd: no files were found in ${root}`, {
    hint: "Look at local.include and local.exclude.",
  });
}

const settingsName = /^Pulumi(\.[\w-]+)?\.yaml$/;

const ownProgram = /^main:.*infra\/index\.ts/m;

/** True where our program is what Pulumi.yaml names; another program's files are the user's. */
async function isProject(folder: string, entries: readonly Dirent[]): Promise<boolean> {
  const found = entries.find(({ name }) => name === "Pulumi.yaml");
  if (found?.isFile() !== true) return false;
  return ownProgram.test(await fs.readFile(join(folder, found.name), "utf8"));
}

class Bounds {
  readonly #maxFiles: number;
  readonly #maxBytes: number;
  #files = 0;
  #bytes = 0;

  constructor(options: ReleaseFilesOptions) {
    this.#maxFiles = options.maxFiles ?? defaultMaxFiles;
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
  }

  count(bytes: number): void {
    this.#files += 1;
    this.#bytes += bytes;
    if (this.#files > this.#maxFiles) throw tooLarge(`${this.#maxFiles} files`, "local.maxFiles");
    if (this.#bytes > this.#maxBytes) throw tooLarge(`${this.#maxBytes} bytes`, "local.maxBytes");
  }
}

function tooLarge(bound: string, setting: string): BlueGreenError {
  return new BlueGreenError("SETTINGS_INVALID", `The release has more than ${bound}`, {
    hint: `Leave out what it doesn't need by local.exclude, or raise ${setting}.`,
  });
}

async function realFolder(cwd: string): Promise<string> {
  const root = await fs.realpath(cwd).catch((error: unknown) => {
    throw unreadable(cwd, error);
  });
  if ((await fs.stat(root)).isDirectory()) return root;
  throw new BlueGreenError("SETTINGS_INVALID", `local.cwd: ${cwd} isn't a folder`);
}

/** What a user is told when a file of the release can't be read. */
export function unreadable(cwd: string, error: unknown): unknown {
  if (error instanceof BlueGreenError) return error;
  const message = `local.cwd: ${cwd} can't be read: ${messageOf(error)}`;
  return new BlueGreenError("SETTINGS_INVALID", message, { cause: error });
}

function byPath(a: ReleaseFile, b: ReleaseFile): number {
  return a.path < b.path ? -1 : 1;
}

function isExcluded(path: string, options: ReleaseFilesOptions): boolean {
  if (alwaysExcluded.includes(basename(path))) return true;
  const patterns = options.exclude ?? [];
  const anywhere = patterns.filter((pattern) => !pattern.replace(/\/+$/, "").includes("/"));
  return matchesAny(path, patterns) || matchesAny(basename(path), anywhere);
}

function matchesAny(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    matchesGlob(path, pattern.replace(/^\.\//, "").replace(/\/+$/, "")),
  );
}

async function describe(
  root: string,
  path: string,
  entry: Dirent,
  bounds: Bounds,
): Promise<ReleaseFile[]> {
  if (entry.isSymbolicLink()) {
    bounds.count(0);
    const target = await fs.readlink(join(root, path));
    if (await linkLeaves(root, path, target)) throw leavingLink(path, target);
    return [{ kind: "link", path, target }];
  }
  if (!entry.isFile()) return [];
  const stat: Stats = await fs.stat(join(root, path));
  bounds.count(stat.size);
  return [{ kind: "file", path, executable: (stat.mode & 0o100) !== 0 }];
}

/** By its words, and by where it really ends: a link on its way may lead elsewhere. */
async function linkLeaves(root: string, path: string, target: string): Promise<boolean> {
  if (isAbsolute(target)) return true;
  const place = join(root, path);
  if (leaves(relative(root, resolve(dirname(place), target)))) return true;
  const real = await fs.realpath(place).catch(() => null);
  return real !== null && leaves(relative(root, real));
}

function leaves(path: string): boolean {
  return path === ".." || path.startsWith(`..${sep}`) || isAbsolute(path);
}

function leavingLink(path: string, target: string): BlueGreenError {
  const message = `local.cwd: the link ${path} leads out of the folder, to ${target}`;
  return new BlueGreenError("SETTINGS_INVALID", message, {
    hint: "Put a copy in its place, link relatively inside the folder, or use local.exclude.",
  });
}
