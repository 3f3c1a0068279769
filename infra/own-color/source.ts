/** The files of a component of the user's own, and the digest by which an edited one is known. */

import { createHash } from "node:crypto";
import { readFile, realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { BlueGreenError, messageOf } from "../errors.ts";

export interface ComponentSource {
  /** Real path of the file. */
  readonly file: string;
  /** "sha256:..." over the contents of the file and of the local files that it imports. */
  readonly digest: string;
}

/** More is no component, but a whole project that was reached by mistake. */
const maxFiles = 500;

/** Our types say nothing of what a component makes. */
const contract = fileURLToPath(new URL("../own-color.ts", import.meta.url));

/**
 * Follows the imports that are written with a relative path. Not covered: packages, and files that
 * are read or imported by names that are put together only when it runs.
 * @throws SETTINGS_INVALID where the file can't be read
 */
export async function readComponent(path: string): Promise<ComponentSource> {
  const file = await realpath(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const contents = new Map<string, string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (contents.has(next)) continue;
    if (contents.size === maxFiles) throw tooMany(path);
    const text = await textOf(next);
    contents.set(next, createHash("sha256").update(text).digest("hex"));
    waiting.push(...importedBy(next, text));
  }
  return { file, digest: digestOf(dirname(file), contents) };
}

/** The name of the file itself isn't part of it: a renamed component is the same. */
function digestOf(root: string, contents: ReadonlyMap<string, string>): string {
  const [[, own] = [], ...others] = contents;
  const helpers = others
    .map(([file, content]) => [relative(root, file).split(sep).join("/"), content] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([own, ...helpers]);
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

const imports = /\b(?:from|import|require)\s*\(?\s*(["'])(\.\.?\/[^"'\n]+)\1/g;

/** What leads nowhere is left to the import itself, which says so. */
function importedBy(file: string, text: string): readonly string[] {
  if (file.endsWith(".json")) return [];
  const { resolve } = createRequire(file);
  return [...text.matchAll(imports)].flatMap(([, , name = ""]) => {
    const found = located(resolve, name);
    const isOurs = found === null || found === contract;
    return isOurs || found.includes(`${sep}node_modules${sep}`) ? [] : [found];
  });
}

function located(resolve: NodeJS.RequireResolve, name: string): string | null {
  try {
    return resolve(name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return null;
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, cause: unknown): BlueGreenError {
  const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  const why = isMissing ? "doesn't exist" : `can't be read: ${messageOf(cause)}`;
  return new BlueGreenError("SETTINGS_INVALID", `the color component ${file} ${why}`, {
    hint: "write its path, relative to the project, into bluegreen:color.file",
    cause,
  });
}

function tooMany(file: string): BlueGreenError {
  const message = `the color component ${file} imports more than ${maxFiles} local files`;
  return new BlueGreenError("SETTINGS_INVALID", message, {
    hint: "import only what it needs, or make a package of the rest",
  });
}
