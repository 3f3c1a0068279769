/** Where one color keeps its files, and where its supervisor listens. */

import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";

import { BlueGreenError } from "../../../errors.ts";

export interface ColorFolder {
  readonly dir: string;
  /** Short name of the folder, for markers and sockets. */
  readonly id: string;
  readonly spec: string;
  readonly ledger: string;
  readonly logs: string;
  readonly supervisorLog: string;
  readonly socket: string;
}

/** Socket addresses hold 104 bytes on macOS and 108 on Linux, the final NUL included. */
const socketPathMaxBytes = 100;

export function colorFolder(path: string): ColorFolder {
  const dir = resolve(path);
  const id = createHash("sha256").update(dir).digest("hex").slice(0, 16);
  return {
    dir,
    id,
    spec: join(dir, "spec.json"),
    ledger: join(dir, "instances.json"),
    logs: join(dir, "logs"),
    supervisorLog: join(dir, "supervisor.log"),
    socket: socketPath(dir, id),
  };
}

/** The log that an instance's output goes to. */
export function instanceLog(folder: ColorFolder, index: number): string {
  return join(folder.logs, `${index}.log`);
}

function socketPath(dir: string, id: string): string {
  const plain = join(dir, "supervisor.sock");
  const short = (base: string) => join(base, `bluegreen-${userInfo().uid}`, `${id}.sock`);
  const candidates = [plain, short(tmpdir())];
  return candidates.find((path) => Buffer.byteLength(path) <= socketPathMaxBytes) ?? short("/tmp");
}

/** Makes the folders that a color needs; only their owner may look inside. */
export function prepareFolder(folder: ColorFolder): void {
  mkdirSync(folder.logs, { recursive: true, mode: 0o700 });
  if ((statSync(folder.dir).mode & 0o077) !== 0) chmodSync(folder.dir, 0o700);
  const socketDir = dirname(folder.socket);
  if (socketDir === folder.dir) return;
  mkdirSync(socketDir, { recursive: true, mode: 0o700 });
  assertPrivate(socketDir);
}

/** A folder in a place that everybody may write to could have been put there by somebody else. */
function assertPrivate(path: string): void {
  const stat = lstatSync(path);
  const isPrivate = stat.isDirectory() && (stat.mode & 0o077) === 0;
  if (isPrivate && stat.uid === userInfo().uid) return;
  throw new BlueGreenError("STORE_FAILED", `${path} belongs to, or is open to, somebody else`, {
    hint: "Remove that folder, or set TMPDIR to a folder of your own.",
  });
}
