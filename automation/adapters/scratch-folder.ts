/** Folders for an engine call's files; what killed drivers left of theirs goes with the next one. */

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The owner's pid is in the name. */
const prefix = "bluegreen-call-";
const form = new RegExp(`^${prefix}(\\d+)-`);

let swept = false;

/** A new folder that nobody else may read; whoever asks for it removes it. */
export async function makeScratchFolder(parent: string = tmpdir()): Promise<string> {
  if (!swept) {
    swept = true;
    await removeLeftOver(parent);
  }
  return await mkdtemp(join(parent, `${prefix}${process.pid}-`));
}

/** Removes the folders of processes that are gone; another user's can't be removed, and stay. */
export async function removeLeftOver(parent: string): Promise<void> {
  const names = await readdir(parent).catch((): string[] => []);
  const left = names.filter((name) => {
    const pid = Number(form.exec(name)?.[1] ?? Number.NaN);
    return Number.isInteger(pid) && isGone(pid);
  });
  const removals = left.map((name) => rm(join(parent, name), { recursive: true, force: true }));
  // A folder that can't be removed is in nobody's way.
  await Promise.allSettled(removals);
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
