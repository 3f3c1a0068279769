/** Writes small files so that a reader finds the former or the new text, never half of it. */

import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { BlueGreenError, messageOf } from "./errors.ts";

/**
 * Replaces the file at `path` (temporary file, fsync, rename, fsync of the folder). Once it is
 * fulfilled, the text survives a power cut; when it is rejected, the former file is as it was.
 * `mode` defaults to 0600.
 *
 * @throws BlueGreenError STORE_FAILED, for instance when the disk is full.
 */
export async function writeDurably(path: string, text: string, mode = 0o600): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await writeSynced(temporary, text, mode);
    await rename(temporary, path);
    await syncPath(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw new BlueGreenError("STORE_FAILED", `${path} couldn't be written: ${messageOf(error)}`, {
      hint: "Free disk space or fix the folder's permissions, then run the command again.",
      cause: error,
    });
  }
}

async function writeSynced(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What a file holds, or the names in a folder, survive a power cut once this is fulfilled. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
