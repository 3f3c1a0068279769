/** Finds the Pulumi engine, or gets one: PATH, our cache, the official installer, a Go build. */
import { mkdir, readdir, realpath, rename, rm } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import { findOnPath, isExecutable, runCommand } from "./command.ts";
import { engineCacheFolder, nonEmpty } from "./folders.ts";
import type { Environment } from "./folders.ts";
import { goBuild, requiredGoVersion } from "./go-build.ts";
import { officialInstaller } from "./installer.ts";
import { knownVersion, rememberVersion } from "./known-versions.ts";
import { languageHostFor } from "./launcher.ts";
import { lookAtProcess } from "./processes.ts";
import { inTurn } from "./turn.ts";
import {
  fetchedPulumiVersion,
  formatVersion,
  isAtLeast,
  parseVersion,
  requiredPulumiVersion,
} from "./version.ts";
import type { Version } from "./version.ts";
import type { EngineWay, OnEngineProgress } from "./way.ts";

/** `named`: by BLUEGREEN_ENGINE. */
export type EngineSource = "named" | "path" | "cache" | "installer" | "built";

export interface Engine {
  /** Absolute path of the executable. */
  readonly pulumi: string;
  readonly version: string;
  readonly source: EngineSource;
  /** Each place that was looked at and what was found, one sentence each. */
  readonly why: readonly string[];
  /** Path of our `pulumi-language-nodejs`; null where the engine came with one. */
  readonly languageHost: string | null;
}

export interface EngineSearch {
  readonly env: Environment;
  readonly progress?: OnEngineProgress;
  /** False: only what is already on this machine. Default: true. */
  readonly allowFetch?: boolean;
  /** True: an engine whose file hasn't changed isn't asked for its version again. Default: false. */
  readonly remember?: boolean;
  /** Default: the official installer, then a build from Go modules. */
  readonly ways?: readonly EngineWay[];
  readonly signal?: AbortSignal;
}

/** An engine that works, without what the caller adds to it. */
interface Found {
  readonly pulumi: string;
  readonly version: string;
  readonly source: EngineSource;
}

/** A build of ten minutes by another process is waited for, and then some. */
const turnLimitMs = 35 * 60_000;
const versionLimitMs = 15_000;

/** Throws ENGINE_MISSING, with each place and reason, when there is none and none can be had. */
export async function findEngine(search: EngineSearch): Promise<Engine> {
  const why: string[] = [];
  const found = (await lookAround(search, why)) ?? (await fetchInTurn(search, why));
  if (found === null) throw await missing(search, why);
  return { ...found, why, languageHost: await languageHost(found.pulumi, search.env, why) };
}

async function lookAround(search: EngineSearch, why: string[]): Promise<Found | null> {
  const { env } = search;
  const named = nonEmpty(env["BLUEGREEN_ENGINE"]);
  if (named !== undefined) return await examineNamed(resolve(named), search, why);
  const onPath = await findOnPath("pulumi", env);
  if (onPath === null) why.push("PATH: no `pulumi` there.");
  else {
    const source = (await isCached(onPath, env)) ? "cache" : "path";
    const found = await examine({ pulumi: onPath, source }, search, why);
    if (found !== null) return found;
  }
  return await examineCache(search, why);
}

async function examineNamed(pulumi: string, search: EngineSearch, why: string[]): Promise<Found> {
  const found = (await isExecutable(pulumi))
    ? await examine({ pulumi, source: "named" }, search, why)
    : null;
  if (found !== null) return found;
  throw new BlueGreenError("ENGINE_MISSING", `BLUEGREEN_ENGINE names ${pulumi}, which won't do`, {
    hint: `Let it name a pulumi executable of version ${requiredPulumiVersion} or newer, or unset it.`,
    details: why.length > 0 ? why : ["It isn't an executable file."],
  });
}

async function isCached(pulumi: string, env: Environment): Promise<boolean> {
  const cache = await realpath(engineCacheFolder(env)).catch(() => null);
  return cache !== null && (await realpath(pulumi)).startsWith(`${cache}/`);
}

async function examineCache(search: EngineSearch, why: string[]): Promise<Found | null> {
  const pulumi = cachedEngine(search.env);
  if (await isExecutable(pulumi)) return await examine({ pulumi, source: "cache" }, search, why);
  why.push(`Cache: no engine in ${engineCacheFolder(search.env)}.`);
  return null;
}

function cachedEngine(env: Environment): string {
  return join(engineCacheFolder(env), fetchedPulumiVersion, "bin", "pulumi");
}

const places: Readonly<Record<EngineSource, string>> = {
  named: "BLUEGREEN_ENGINE",
  path: "PATH",
  cache: "Cache",
  installer: "Official installer",
  built: "Built from Go modules",
};

async function examine(
  { pulumi, source }: Omit<Found, "version">,
  { env, remember = false }: EngineSearch,
  why: string[],
): Promise<Found | null> {
  const place = `${places[source]}: ${pulumi}`;
  const known = remember ? await knownVersion(pulumi, env) : null;
  const version = known ?? (await askVersion(pulumi, place, env, why));
  if (version === null) return null;
  if (!isAtLeast(version, parseVersion(requiredPulumiVersion) ?? [0, 0, 0])) {
    const wanted = `${requiredPulumiVersion} or newer is needed`;
    why.push(`${place} is version ${formatVersion(version)}; ${wanted}.`);
    return null;
  }
  if (remember && known === null) await rememberVersion(pulumi, env, version);
  why.push(`${place} is version ${formatVersion(version)}.`);
  return { pulumi, version: formatVersion(version), source };
}

/** Null, with the reason noted, for one that doesn't run. */
async function askVersion(
  pulumi: string,
  place: string,
  env: Environment,
  why: string[],
): Promise<Version | null> {
  const quiet = { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const run = { env: quiet, cwd: "/", limitMs: versionLimitMs };
  const result = await runCommand(pulumi, ["version"], run);
  const version = result.lines.map(parseVersion).find((parsed) => parsed !== null);
  if (result.code !== 0 || version === undefined) {
    why.push(`${place} doesn't run: ${result.lines.at(-1) ?? "it says nothing"}.`);
    return null;
  }
  return version;
}

async function fetchInTurn(search: EngineSearch, why: string[]): Promise<Found | null> {
  if (search.allowFetch === false) return null;
  const { env, signal, progress = () => undefined } = search;
  const startedAt = performance.now();
  const onWait = (owner: string): void => {
    const elapsedMs = performance.now() - startedAt;
    progress({ phase: "wait", elapsedMs, detail: `${owner} is getting it, waiting` });
  };
  const file = join(engineCacheFolder(env), `${fetchedPulumiVersion}.turn`);
  return await inTurn(file, { limitMs: turnLimitMs, signal, onWait }, async () => {
    const pulumi = cachedEngine(env);
    if (await isExecutable(pulumi)) {
      const finished = await examine({ pulumi, source: "cache" }, { env }, why);
      if (finished !== null) return finished;
    }
    return await fetchByAnyWay({ ...search, progress }, why);
  });
}

async function fetchByAnyWay(
  search: EngineSearch & { progress: OnEngineProgress },
  why: string[],
): Promise<Found | null> {
  await sweep(search.env);
  for (const way of search.ways ?? [officialInstaller(), goBuild()]) {
    const reason = await fetchBy(way, search);
    if (search.signal?.aborted === true) {
      throw new BlueGreenError("INTERRUPTED", "getting the Pulumi engine was interrupted");
    }
    if (reason !== null) why.push(`${places[way.source]}: not possible: ${reason}.`);
    else {
      const pulumi = cachedEngine(search.env);
      return await examine({ pulumi, source: way.source }, { env: search.env }, why);
    }
  }
  return null;
}

/** An engine appears in the cache by one rename, so that it is there whole or not at all. */
async function fetchBy(
  way: EngineWay,
  { env, progress, signal }: EngineSearch & { progress: OnEngineProgress },
): Promise<string | null> {
  const cache = engineCacheFolder(env);
  const folder = join(cache, `${partPrefix}${process.pid}.${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    const reason = await way.fetch(folder, { env, progress, signal });
    if (reason !== null) return reason;
    if (!(await isExecutable(join(folder, "bin", "pulumi")))) return `${way.name} left no engine`;
    const target = join(cache, fetchedPulumiVersion);
    await rm(target, { recursive: true, force: true });
    await rename(folder, target);
    return null;
  } catch (error) {
    return messageOf(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const partPrefix = `${fetchedPulumiVersion}.part-`;

/** Removes what interrupted attempts left, but nothing that a living process is still making. */
async function sweep(env: Environment): Promise<void> {
  const cache = engineCacheFolder(env);
  for (const name of await readdir(cache)) {
    if (!name.startsWith(partPrefix) || (await isBeingMade(name))) continue;
    await rm(join(cache, name), { recursive: true, force: true });
  }
}

/** This process makes one at a time: what carries its pid was left by one that had it before. */
async function isBeingMade(name: string): Promise<boolean> {
  const pid = Number(/^\d+(?=\.)/.exec(name.slice(partPrefix.length))?.[0]);
  return pid !== process.pid && (await lookAtProcess(pid)) !== null;
}

async function languageHost(
  pulumi: string,
  env: Environment,
  why: string[],
): Promise<string | null> {
  try {
    const host = await languageHostFor(pulumi, env);
    why.push(host === null ? "It has its own Node.js language host." : `Language host: ${host}.`);
    return host;
  } catch (error) {
    why.push(`The Node.js language host can't be written: ${messageOf(error)}.`);
    return null;
  }
}

async function missing(search: EngineSearch, why: readonly string[]): Promise<BlueGreenError> {
  const choices = [
    "install it (https://www.pulumi.com/docs/install/) and put it on PATH",
    "let BLUEGREEN_ENGINE name it",
    `install Go ${await requiredGoVersion()} or newer, then it is built by itself`,
  ];
  const fetched = search.allowFetch === false ? "" : " and none could be had";
  return new BlueGreenError("ENGINE_MISSING", `no Pulumi engine was found${fetched}`, {
    hint: `Choose one: ${choices.join("; ")}.`,
    details: why,
  });
}
