/** Some room on the disk that is kept for the way back: a full disk mustn't hold traffic where it fails. */

import { BlueGreenError } from "../../errors.ts";
import type { Access } from "./access.ts";
import { Overtaken } from "./lock.ts";
import { filesOf } from "./spec.ts";

/** A lock, a mark and a map take some blocks; no file of theirs is larger than a few kilobytes. */
const bytes = 64 * 1024;

type Place = Pick<Access, "host" | "spec">;

/**
 * Makes it again where a way back has used it. What it is made after matters more: where it can't
 * be made now, it is the next time.
 *
 * @throws Overtaken
 */
export async function keepSpareRoom({ host, spec }: Place): Promise<void> {
  const { spare } = filesOf(spec);
  try {
    const [found] = await host.sizes([spare]);
    if (found && found.bytes >= bytes) return;
    await host.write(spare, "bluegreen ".repeat(bytes / 10 + 1));
  } catch (error) {
    if (!(error instanceof BlueGreenError) || error instanceof Overtaken) throw error;
  }
}

/** The work again, once, with the room that was kept, when the disk is full. */
export async function withSpareRoom<T>({ host, spec }: Place, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { spare } = filesOf(spec);
    const [kept] = isFull(error) ? await host.sizes([spare]) : [];
    if (!kept) throw error;
    await host.remove(spare);
    return await work();
  }
}

function isFull(error: unknown): boolean {
  const isStore = error instanceof BlueGreenError && error.code === "STORE_FAILED";
  return isStore && /ENOSPC|EDQUOT|No space left|quota exceeded/i.test(error.message);
}
