/** Ends a color on this machine, whether its supervisor lives, hangs or is gone. */

import { existsSync, rmSync } from "node:fs";

import { BlueGreenError } from "../../../errors.ts";
import { isAlive } from "../../../process-identity.ts";
import { askSupervisor } from "./admin-client.ts";
import { colorFolder } from "./color-folder.ts";
import type { ColorFolder } from "./color-folder.ts";
import { readLedger } from "./instance-ledger.ts";
import { endGroup, endLeftovers } from "./process-group.ts";
import { recoverIdentity } from "./supervised-color.ts";
import { acquireLock, currentHolder } from "./supervisor-lock.ts";
import type { Holder, Lock } from "./supervisor-lock.ts";
import { nowMs, pause, waitUntil } from "./waiting.ts";

export interface StopOptions {
  /** How long an instance may take from SIGTERM until it ends by itself. */
  readonly drainMs: number;
}

const askDeadlineMs = 2000;
const lockDeadlineMs = 10_000;
/** More than a supervisor waits itself, so that it isn't killed while it kills. */
const supervisorSlackMs = 8000;

/**
 * Ends all instances and the supervisor; the logs stay. A process is signalled only when it is the
 * very one that was started for this color. Without anything to stop, nothing happens.
 *
 * @throws BlueGreenError COLOR_BUSY when a process doesn't end, CLAIMED when somebody else keeps
 * starting the color.
 */
export async function stopColor(dir: string, options: StopOptions): Promise<void> {
  const folder = colorFolder(dir);
  if (!existsSync(folder.dir)) return;
  const lock = await takeOver(folder, options.drainMs);
  try {
    await endAll(folder, options.drainMs);
    for (const path of [folder.spec, folder.ledger, folder.socket]) rmSync(path, { force: true });
  } finally {
    await lock.release();
  }
}

async function takeOver(folder: ColorFolder, drainMs: number): Promise<Lock> {
  const deadline = nowMs() + lockDeadlineMs;
  do {
    const holder = currentHolder(folder);
    const socket = holder?.socket ?? null;
    if (holder !== null && socket !== null) await endSupervisor(holder, socket, drainMs);
    const lock = acquireLock(folder, null);
    if (lock !== null) return lock;
    await pause(50);
  } while (nowMs() < deadline);
  throw new BlueGreenError("CLAIMED", `somebody else is at work on ${folder.dir}`);
}

async function endSupervisor(holder: Holder, socket: string, drainMs: number): Promise<void> {
  const isGone = () => !isAlive(holder);
  const answer = await askSupervisor(socket, { kind: "stop", order: { drainMs } }, askDeadlineMs);
  const withinMs = drainMs + supervisorSlackMs;
  if (answer.kind === "status" && (await waitUntil(isGone, { withinMs }))) return;
  // It hangs or is just starting: the instances don't need it, and are ended by what is on record.
  if (isAlive(holder)) process.kill(holder.pid, "SIGKILL");
  await waitUntil(isGone, { withinMs: askDeadlineMs });
}

async function endAll(folder: ColorFolder, drainMs: number): Promise<void> {
  const ends = readLedger(folder.ledger).map(async (entry) => {
    const identity = recoverIdentity(entry);
    if (identity === null) return;
    await endGroup(identity, drainMs);
    await endLeftovers(identity);
  });
  const failed = (await Promise.allSettled(ends)).find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
