/** Makes sure that one process at a time looks after a color, whatever was killed before. */

import { randomBytes } from "node:crypto";
import { existsSync, linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { writeDurably } from "../../../durable-file.ts";
import { isAlive, ownIdentity } from "../../../process-identity.ts";
import type { ProcessIdentity } from "../../../process-identity.ts";
import type { ColorFolder } from "./color-folder.ts";

/** Whoever looks after the color. */
export interface Holder extends ProcessIdentity {
  /** Where it listens; null when it is a client at work on a color without a supervisor. */
  readonly socket: string | null;
}

interface LockFile extends Holder {
  readonly released: boolean;
}

export interface Lock {
  /**
   * Gone: the whole folder was removed, or is new and nobody has taken it. Lost: somebody else has
   * taken the color.
   */
  standing(): "held" | "lost" | "gone";
  release(): Promise<void>;
}

/**
 * The lock is the highest of the numbered files: a dead holder is followed by making the next
 * number, which succeeds for one process only. The highest number is never removed, so that nobody
 * who looked long ago can take a number that is already in the past.
 *
 * Returns null while another living process holds it.
 */
export function acquireLock(folder: ColorFolder, socket: string | null): Lock | null {
  const last = lastNumber(folder);
  if (last > 0 && holderOf(folder, last) !== null) return null;
  const mine = last + 1;
  const file: LockFile = { ...ownIdentity(), socket, released: false };
  if (!createExclusively(folder, mine, file)) return null;
  if (lastNumber(folder) !== mine) {
    rmSync(lockPath(folder, mine), { force: true });
    return null;
  }
  for (const number of numbers(folder)) {
    if (number < mine) rmSync(lockPath(folder, number), { force: true });
  }
  return {
    standing: () => standingOf(folder, mine, file),
    async release() {
      await writeDurably(lockPath(folder, mine), JSON.stringify({ ...file, released: true }));
    },
  };
}

/** The living process that holds the lock; null when there is none. */
export function currentHolder(folder: ColorFolder): Holder | null {
  return holderOf(folder, lastNumber(folder));
}

function standingOf(
  folder: ColorFolder,
  mine: number,
  { pid, started }: ProcessIdentity,
): "held" | "lost" | "gone" {
  if (!existsSync(folder.dir)) return "gone";
  const last = lastNumber(folder);
  if (last === 0) return "gone";
  if (last !== mine) return "lost";
  // In a folder that was made anew, another one's number may be the same.
  const file = JSON.parse(readFileSync(lockPath(folder, mine), "utf8")) as LockFile;
  return file.pid === pid && file.started === started ? "held" : "lost";
}

function holderOf(folder: ColorFolder, number: number): Holder | null {
  if (number === 0) return null;
  let file: LockFile;
  try {
    file = JSON.parse(readFileSync(lockPath(folder, number), "utf8")) as LockFile;
  } catch (error) {
    // Somebody made the next number and cleaned up in between: look at that one.
    const last = lastNumber(folder);
    if (last > number) return holderOf(folder, last);
    throw error;
  }
  return !file.released && isAlive(file) ? file : null;
}

function createExclusively(folder: ColorFolder, number: number, file: LockFile): boolean {
  const suffix = `${process.pid}.${randomBytes(4).toString("hex")}`;
  const temporary = join(folder.dir, `supervisor.lock.tmp.${suffix}`);
  writeFileSync(temporary, JSON.stringify(file), { mode: 0o600 });
  try {
    linkSync(temporary, lockPath(folder, number));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function lastNumber(folder: ColorFolder): number {
  return Math.max(0, ...numbers(folder));
}

function numbers(folder: ColorFolder): number[] {
  return readdirSync(folder.dir)
    .map((name) => /^supervisor\.lock\.(\d+)$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number);
}

function lockPath(folder: ColorFolder, number: number): string {
  return join(folder.dir, `supervisor.lock.${number}`);
}
