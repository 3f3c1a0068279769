/** Writes small files so that a reader finds the former or the new text, never half of it. */

import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

import { BlueGreenError, messageOf } from "./errors.ts";

/**
 * Replaces the file at `path` (temporary file, fsync, rename, fsync of the folder). Once it is
 * fulfilled, the text survives a power cut. When it is rejected, the file is whole: the former one,
 * or the new one where only the folder's fsync failed. `mode` defaults to 0600.
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
      hint: wayToWrite(error, dirname(path)),
      cause: error,
    });
  }
}

/** What to do when something couldn't be written into a folder, by what the system said. */
export function wayToWrite(error: unknown, folder: string): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const again = "then run the command again";
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return `free some space for ${folder}, ${again}`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `let this user write into ${folder}, ${again}`;
    default:
      return `look at what is wrong with ${folder}, ${again}`;
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
