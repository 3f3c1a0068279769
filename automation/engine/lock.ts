/** Reads the locks of a file backend and takes over those whose owner is certainly dead. */
import { readFile, readdir, rm, stat } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import { isOfHost, ownPidNamespace } from "../pid-namespace.ts";
import { isNoted, noteLocks } from "./lock-notes.ts";
import { lookAtProcess } from "./processes.ts";

export interface StackAddress {
  /** Backend as Pulumi names it. Null: unknown, so its locks are, too. */
  readonly url: string | null;
  readonly project: string;
  readonly stack: string;
  /** What a relative `file://` is relative to. Default: the current folder. */
  readonly cwd?: string;
}

/**
 * `other-host`: of another host, or in a container perhaps of another container with the same host
 * name. `unreadable`: somebody's lock, but it doesn't say whose.
 */
export type LockState = "live" | "dead" | "other-host" | "unreadable";

export interface StackLock {
  readonly id: string;
  readonly file: string;
  readonly state: LockState;
  readonly pid: number | null;
  readonly host: string;
  readonly user: string;
  /** Milliseconds since 1970; null when the lock doesn't say. */
  readonly since: number | null;
}

/** What Pulumi leaves when it can't write a lock whole, on a full disk; it trips over it later. */
const cutShort = /\.json\.[0-9a-f]+\.tmp$/;
/** A lock is written in far less time. */
const writeMs = 2_000;

/** Clocks of the kernel and of the lock may differ by about a second; this is ample. */
const startToleranceMs = 10_000;

/** "unknown" where the backend isn't a folder: only Pulumi itself can ask it. */
export async function stackLocks(address: StackAddress): Promise<readonly StackLock[] | "unknown"> {
  const folder = lockFolder(address);
  if (folder === null) return "unknown";
  const names = await listed(folder);
  const locks = names.filter((name) => name.endsWith(".json"));
  const cut = names.filter((name) => cutShort.test(name));
  return await Promise.all([
    ...locks.map((name) => readLock(join(folder, name))),
    ...cut.map((name) => readCutShort(join(folder, name))),
  ]);
}

/** The locks whose process on this host is dead, or whose pid meanwhile is another program's. */
export async function deadLocks(address: StackAddress): Promise<readonly StackLock[] | "unknown"> {
  const locks = await stackLocks(address);
  return locks === "unknown" ? "unknown" : locks.filter((lock) => lock.state === "dead");
}

/**
 * Deletes the dead locks one by one, so that a live one is never touched; returns them. One that
 * isn't whole yet gets the time to become so: at most two seconds.
 */
export async function takeOverDeadLocks(
  address: StackAddress,
): Promise<readonly StackLock[] | "unknown"> {
  if (await hasUnfinished(address)) await sleep(writeMs);
  const locks = await deadLocks(address);
  if (locks !== "unknown") await Promise.all(locks.map(removeLock));
  return locks;
}

async function hasUnfinished(address: StackAddress): Promise<boolean> {
  const locks = await stackLocks(address);
  if (locks === "unknown") return false;
  return locks.some(({ file, state }) => state === "unreadable" && cutShort.test(file));
}

/** For a person who has decided so (`bluegreen unlock`). Throws STORE_FAILED. */
export async function removeLock(lock: StackLock): Promise<void> {
  try {
    await rm(lock.file, { force: true });
    await rm(`${lock.file}.attrs`, { force: true });
  } catch (cause) {
    throw new BlueGreenError("STORE_FAILED", `the lock ${lock.file} can't be deleted`, {
      cause,
      hint: messageOf(cause),
    });
  }
}

/** `held by ann, process 4711 on build-3, for 12 min: that process is alive`. */
export function describeLock(lock: StackLock, now: number): string {
  const says: Record<LockState, string> = {
    live: "that process is alive",
    dead: "that process is dead",
    "other-host": "another host's or container's processes can't be seen from here",
    unreadable: `${lock.file} doesn't say by whom`,
  };
  const age = lock.since === null ? "" : `, for ${formatAge(now - lock.since)}`;
  const process = lock.pid === null ? "" : `, process ${lock.pid}`;
  if (lock.state === "dead" && lock.pid === null) return `cut short${age}: nobody holds it`;
  const owner = lock.state === "unreadable" ? "held" : `held by ${lock.user}${process}`;
  return `${owner}${lock.host === "" ? "" : ` on ${lock.host}`}${age}: ${says[lock.state]}`;
}

function formatAge(ageMs: number): string {
  const minutes = Math.floor(Math.max(0, ageMs) / 60_000);
  if (minutes < 1) return `${Math.floor(Math.max(0, ageMs) / 1_000)} s`;
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}

function lockFolder({ url, project, stack, cwd = process.cwd() }: StackAddress): string | null {
  const state = url === null ? null : fileBackendFolder(url, cwd);
  return state && join(state, ".pulumi", "locks", "organization", project, stack);
}

/** As Pulumi reads it: percent-decoded, `~` is the user's home, a query isn't part of the path. */
export function fileBackendFolder(url: string, cwd: string): string | null {
  if (!url.startsWith("file://")) return null;
  const [encoded = ""] = url.slice("file://".length).split("?");
  const path = decodeURIComponent(encoded);
  if (path === "~") return userInfo().homedir;
  return path.startsWith("~/") ? join(userInfo().homedir, path.slice(2)) : resolve(cwd, path);
}

async function listed(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function readLock(file: string): Promise<StackLock> {
  const id = basename(file, ".json");
  const content = await readContent(file);
  if (content === null) {
    return { id, file, state: "unreadable", pid: null, host: "", user: "", since: null };
  }
  const { pid, hostname: host, username: user } = content;
  const since = Date.parse(content.timestamp);
  const lock = { id, file, pid, host, user, since: Number.isNaN(since) ? null : since };
  if (host !== hostname() || !(await canJudge(id))) return { ...lock, state: "other-host" };
  return { ...lock, state: (await isDead(lock)) ? "dead" : "live" };
}

/** A container's pids are its own, and Pulumi's locks don't say whose their pid is. */
async function canJudge(id: string): Promise<boolean> {
  return isOfHost(ownPidNamespace()) || (await isNoted(id));
}

/**
 * For later commands in the same container. Called within an update, while its lock is held: then
 * a Pulumi process of that pid here is the one that holds it.
 */
export async function noteHeldLocks(address: StackAddress): Promise<void> {
  if (isOfHost(ownPidNamespace())) return;
  const locks = await stackLocks(address);
  if (locks === "unknown") return;
  const own: string[] = [];
  for (const { id, pid, host } of locks) {
    const sight = host === hostname() && pid !== null ? await lookAtProcess(pid) : null;
    if (sight?.name.includes("pulumi") === true) own.push(id);
  }
  await noteLocks(own);
}

/** Nobody holds what was never finished. */
async function readCutShort(file: string): Promise<StackLock> {
  const since = (await stat(file).catch(() => null))?.mtimeMs ?? Date.now();
  const state = Date.now() - since > writeMs ? "dead" : "unreadable";
  return { id: basename(file), file, state, pid: null, host: "", user: "", since };
}

interface LockContent {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

async function readContent(file: string): Promise<LockContent | null> {
  try {
    const content = JSON.parse(await readFile(file, "utf8")) as Partial<LockContent> | null;
    const { pid, hostname: host } = content ?? {};
    if (!Number.isInteger(pid) || typeof host !== "string") return null;
    return { username: "somebody", timestamp: "", ...content } as LockContent;
  } catch {
    return null;
  }
}

/**
 * A pid may be another program's by now: it is when that one started after the lock was taken.
 * Clocks can be set, so a program called pulumi always counts as the owner.
 */
async function isDead(lock: { pid: number; since: number | null }): Promise<boolean> {
  const sight = await lookAtProcess(lock.pid);
  if (sight === null) return true;
  if (sight.startedAt === null || lock.since === null || sight.name.includes("pulumi"))
    return false;
  return sight.startedAt > lock.since + startToleranceMs;
}
