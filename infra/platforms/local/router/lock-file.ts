/** A lock between processes of one host that a dead holder can't keep. */

import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { BlueGreenError } from "../../../errors.ts";
import type { ProcessIdentity } from "../../../process-identity.ts";
import { isAlive, ownIdentity } from "../../../process-identity.ts";
import { isErrno } from "./admin-client.ts";

const pollMs = 25;

/**
 * Waits for the lock at `path` and returns the function that frees it.
 *
 * @throws BlueGreenError ROUTER_DOWN when a living process holds it past the deadline.
 */
export async function takeLock(path: string, deadlineMs: number): Promise<() => void> {
  const own = `${path}.${randomBytes(6).toString("hex")}`;
  // Written whole under a name of its own and then linked: nobody ever reads half a lock.
  writeFileSync(own, JSON.stringify(ownIdentity()), { flag: "wx", mode: 0o600 });
  const deadline = Date.now() + deadlineMs;
  try {
    while (!tryLink(own, path)) {
      const text = readIfThere(path);
      if (text !== null && isStale(text)) takeAway(path, text);
      else await waitFor(path, deadline);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    rmSync(path, { force: true });
  };
}

function tryLink(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}

function isStale(text: string): boolean {
  try {
    return !isAlive(JSON.parse(text) as ProcessIdentity);
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}

/** Moves the stale lock aside; should a fresh one have taken its place, that one is put back. */
function takeAway(path: string, stale: string): void {
  const aside = `${path}.${randomBytes(6).toString("hex")}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  if (readFileSync(aside, "utf8") !== stale) tryLink(aside, path);
  rmSync(aside, { force: true });
}

async function waitFor(path: string, deadline: number): Promise<void> {
  if (Date.now() > deadline) {
    throw new BlueGreenError("ROUTER_DOWN", `another process holds ${path} and doesn't let go`, {
      hint: `Another command is starting or stopping the router; its pid is in ${path}.`,
    });
  }
  await sleep(pollMs);
}
