/** Where the admin socket of a folder is, though paths of sockets may only be short. */

import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";

import { BlueGreenError, messageOf } from "../../../errors.ts";
import { routerFiles } from "./protocol.ts";

/** macOS allows 103 bytes; the name that a socket has before it is moved takes 9 of them. */
const maxPathBytes = 90;

/**
 * `<dir>/router.sock`, or where that is too long a short path in a private folder of the user,
 * derived from `dir`.
 */
export function socketPathOf(dir: string): string {
  const direct = join(dir, routerFiles.socket);
  if (fits(direct)) return direct;
  const name = `${createHash("sha256").update(dir).digest("hex").slice(0, 16)}.sock`;
  const own = join(`bluegreen-${userInfo().uid}`, name);
  const preferred = join(tmpdir(), own);
  return fits(preferred) ? preferred : join("/tmp", own);
}

/** Makes the folder of a socket, if need be, and refuses one that isn't the user's own. */
export function openSocketFolder(socket: string): void {
  openPrivateFolder(dirname(socket));
}

/**
 * Makes a folder that only its owner can enter.
 *
 * @throws BlueGreenError STORE_FAILED when it can't be made or belongs to another user.
 */
export function openPrivateFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const found = lstatSync(path);
    if (!found.isDirectory()) throw new Error("it isn't a folder");
    if (found.uid !== userInfo().uid) throw new Error("it belongs to another user");
    if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
  } catch (error) {
    throw new BlueGreenError("STORE_FAILED", `${path} can't be used: ${messageOf(error)}`, {
      hint: "The router needs a folder of its own that belongs to the user who runs it.",
      cause: error,
    });
  }
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= maxPathBytes;
}
