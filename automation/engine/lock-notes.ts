/** Notes which of Pulumi's locks were taken in this container: a lock says only host and pid. */

import { mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stateDir } from "../../infra/state-dir.ts";
import { ownContainer } from "../pid-namespace.ts";

/** No name of an application begins with a dot. */
function notesFolder(): string {
  return stateDir(".locks");
}

const keptMs = 30 * 24 * 3_600_000;

/** False where that wasn't possible: such a lock isn't judged later, `bluegreen unlock` asks. */
export async function noteLocks(ids: readonly string[]): Promise<boolean> {
  const folder = notesFolder();
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await forgetOld(folder);
    for (const id of ids) await writeFile(join(folder, id), ownContainer(), { mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}

/** True where the lock was taken by a process whose pid means the same here. */
export async function isNoted(id: string): Promise<boolean> {
  const note = await readFile(join(notesFolder(), id), "utf8").catch(() => null);
  return note === ownContainer();
}

async function forgetOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const { mtimeMs } = await stat(join(folder, name));
    if (Date.now() - mtimeMs > keptMs) await rm(join(folder, name), { force: true });
  }
}
