/** Remembers what version an engine's file said it is, until the file changes: asking costs 0.15 s. */
import { mkdir, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { basename, join } from "node:path";
import { engineCacheFolder } from "./folders.ts";
import type { Environment } from "./folders.ts";
import { formatVersion, parseVersion } from "./version.ts";
import type { Version } from "./version.ts";

/** What tells one build of a file from another. */
interface Sign {
  readonly file: string;
  readonly size: number;
  readonly changedMs: number;
}

interface Known extends Sign {
  readonly version: string;
}

/** Anything smaller is a script, whose answer may depend on where it is asked. */
const minBytes = 10_000_000;
/** More engines than a machine has. */
const maxKnown = 20;

/** Null where it has to be asked. */
export async function knownVersion(pulumi: string, env: Environment): Promise<Version | null> {
  const sign = await signOf(pulumi);
  if (sign === null) return null;
  const found = (await readKnown(env)).find((known) => isSame(known, sign));
  return found === undefined ? null : parseVersion(found.version);
}

/** Does nothing where the cache can't be written: the engine is then asked each time. */
export async function rememberVersion(
  pulumi: string,
  env: Environment,
  version: Version,
): Promise<void> {
  const sign = await signOf(pulumi);
  if (sign === null) return;
  const others = (await readKnown(env)).filter(({ file }) => file !== sign.file);
  const known: readonly Known[] = [{ ...sign, version: formatVersion(version) }, ...others];
  await store(JSON.stringify(known.slice(0, maxKnown)), env).catch(() => undefined);
}

/** Null for what isn't an engine itself: the shims of version managers have other names or sizes. */
async function signOf(pulumi: string): Promise<Sign | null> {
  const file = await realpath(pulumi);
  const { size, mtimeMs } = await stat(file);
  return basename(file) === "pulumi" && size >= minBytes
    ? { file, size, changedMs: mtimeMs }
    : null;
}

function isSame(known: Sign, sign: Sign): boolean {
  const { file, size, changedMs } = sign;
  return known.file === file && known.size === size && known.changedMs === changedMs;
}

async function readKnown(env: Environment): Promise<readonly Known[]> {
  const text = await readFile(fileOf(env), "utf8").catch(() => "[]");
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? (value as readonly Known[]) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

async function store(text: string, env: Environment): Promise<void> {
  await mkdir(engineCacheFolder(env), { recursive: true });
  const own = `${fileOf(env)}.${randomUUID()}`;
  await writeFile(own, text);
  await rename(own, fileOf(env));
}

function fileOf(env: Environment): string {
  return join(engineCacheFolder(env), "versions.json");
}
