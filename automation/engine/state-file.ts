/** The file of a stack's state in a file backend: cut short by a full disk, Pulumi's copy replaces it. */

import { copyFile, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import { fileBackendFolder, stackLocks } from "./lock.ts";
import type { StackAddress } from "./lock.ts";

/**
 * Puts the copy that Pulumi makes before each write in the place of a state that can't be read, and
 * keeps that one beside it. The copy is older by one write: the next update with a refresh finds
 * what is missing. Returns whether it did so: not where the state is sound, where there is no
 * copy, where somebody holds the stack's lock, or where the backend isn't a folder.
 *
 * @throws STORE_FAILED
 */
export async function restoreState(address: StackAddress): Promise<boolean> {
  const { url, project, stack, cwd = process.cwd() } = address;
  const backend = url === null ? null : fileBackendFolder(url, cwd);
  if (backend === null) return false;
  const file = join(backend, ".pulumi", "stacks", project, `${stack}.json`);
  if ((await soundness(file)) !== "broken" || (await soundness(`${file}.bak`)) !== "sound") {
    return false;
  }
  const locks = await stackLocks(address);
  if (locks === "unknown" || locks.some(({ state }) => state !== "dead")) return false;
  try {
    const fresh = `${file}.restored`;
    await copyFile(`${file}.bak`, fresh);
    await rename(file, `${file}.broken`);
    await rename(fresh, file);
  } catch (cause) {
    throw new BlueGreenError("STORE_FAILED", `the state of stack ${stack} can't be restored`, {
      cause,
      hint: messageOf(cause),
    });
  }
  return true;
}

async function soundness(file: string): Promise<"absent" | "broken" | "sound"> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    // Absent, or not to be read: then there is nothing to replace, and Pulumi says what is wrong.
    return "absent";
  }
  try {
    JSON.parse(text);
    return "sound";
  } catch {
    return "broken";
  }
}
