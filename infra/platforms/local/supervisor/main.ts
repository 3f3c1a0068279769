/** The supervisor process: `node main.ts DIR`, with the color's spec on its standard input. */

import { flushCompileCache } from "node:module";

import { messageOf } from "../../../errors.ts";
import { openAdmin } from "./admin-server.ts";
import type { StopOrder } from "./admin-server.ts";
import { colorFolder, prepareFolder } from "./color-folder.ts";
import type { ColorFolder } from "./color-folder.ts";
import type { ColorSpec } from "./color-spec.ts";
import { SupervisedColor, readSpec } from "./supervised-color.ts";
import { acquireLock } from "./supervisor-lock.ts";
import type { Lock } from "./supervisor-lock.ts";

const checkMs = 1000;
/** So often in a row the folder must be missing: a short absence isn't a removal. */
const checksUntilGone = 5;
const stdinDeadlineMs = 5000;

await main(process.argv[2] ?? "");

async function main(dir: string): Promise<void> {
  const folder = colorFolder(dir);
  prepareFolder(folder);
  const lock = acquireLock(folder, folder.socket);
  // Another supervisor was faster: that is as good.
  if (lock === null) process.exit(0);
  // Whatever ends the supervisor, its instances serve on and the next one adopts them.
  for (const signal of ["SIGHUP", "SIGINT"] as const) process.on(signal, () => undefined);
  try {
    await supervise(folder, lock);
  } catch (error) {
    log(messageOf(error));
    process.exit(1);
  }
}

async function supervise(folder: ColorFolder, lock: Lock): Promise<void> {
  const spec = (await givenSpec()) ?? readSpec(folder);
  if (spec === null) throw new Error("there is no spec, neither given nor on disk");
  const color = await SupervisedColor.open(folder, spec);
  setInterval(keepHouse, checkMs, color, lock, { checksGone: 0 });
  await openAdmin(folder.socket, color, (order) => {
    void stop(color, order, lock);
  });
  log(`supervises ${spec.color} ${spec.version} as process ${process.pid}`);
  flushCompileCache();
}

function keepHouse(color: SupervisedColor, lock: Lock, seen: { checksGone: number }): void {
  try {
    const standing = lock.standing();
    // Another supervisor has taken the color: its instances aren't this one's any more.
    if (standing === "lost") process.exit(1);
    seen.checksGone = standing === "gone" ? seen.checksGone + 1 : 0;
    // Nobody could find the instances again.
    if (seen.checksGone === checksUntilGone) void stop(color, {}, lock);
    if (standing === "held") color.rotateLogs();
  } catch (error) {
    log(messageOf(error));
  }
}

async function stop(color: SupervisedColor, order: Partial<StopOrder>, lock: Lock): Promise<void> {
  try {
    const isEmpty = await color.stop(order.drainMs);
    log(isEmpty ? "all instances have ended" : "some instances don't end");
    await lock.release();
    process.exit(isEmpty ? 0 : 1);
  } catch (error) {
    log(messageOf(error));
    process.exit(1);
  }
}

/** What the client that started this process wrote; null when it died before it was done. */
async function givenSpec(): Promise<ColorSpec | null> {
  const chunks: Buffer[] = [];
  const timer = setTimeout(() => process.stdin.destroy(), stdinDeadlineMs);
  try {
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as ColorSpec;
  } catch (error) {
    log(`no spec was given (${messageOf(error)}), the one on disk holds`);
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
}
