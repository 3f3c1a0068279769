/** The supervisor process: `node main.ts DIR`, with the color's spec on its standard input. */

import { flushCompileCache } from "node:module";

import { messageOf } from "../../../errors.ts";
import { openAdmin } from "./admin-server.ts";
import type { StopOrder } from "./admin-server.ts";
import { colorFolder, prepareFolder } from "./color-folder.ts";
import type { ColorFolder } from "./color-folder.ts";
import type { ColorSpec } from "./color-spec.ts";
import { FolderWatch } from "./folder-watch.ts";
import { SupervisedColor, readSpec } from "./supervised-color.ts";
import { acquireLock } from "./supervisor-lock.ts";
import type { Lock } from "./supervisor-lock.ts";

const checkMs = 1000;
const stdinDeadlineMs = 5000;
/** As a shell tells of a process that SIGTERM ended. */
const terminatedExit = 143;

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
  const open = () =>
    openAdmin(folder.socket, color, (order) => {
      void stop(color, order, lock);
    });
  const watch = new FolderWatch({ color, lock, log }, { server: await open(), open });
  setInterval(() => {
    watch.look();
  }, checkMs);
  // Otherwise its instances serve on; but of a color without a folder nobody could find them again.
  process.on("SIGTERM", () => {
    if (watch.isGone()) void stop(color, {}, lock);
    else process.exit(terminatedExit);
  });
  log(`supervises ${spec.color} ${spec.version} as process ${process.pid}`);
  flushCompileCache();
}

async function stop(color: SupervisedColor, order: Partial<StopOrder>, lock: Lock): Promise<void> {
  try {
    const isHeld = lock.standing() === "held";
    const { drainMs } = order;
    const isEmpty = await (isHeld ? color.stop(drainMs) : color.stopUnrecorded(drainMs));
    log(isEmpty ? "all instances have ended" : "some instances don't end");
    if (isHeld) await lock.release();
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
