/** Lets one process at a time do a piece of work that several may want; the others wait. */
import { link, mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BlueGreenError } from "../../infra/errors.ts";
import { lookAtProcess } from "./processes.ts";

export interface TurnOptions {
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called about once a second while another process works. */
  readonly onWait: (owner: string) => void;
}

const beatMs = 5_000;
/** An owner that has missed this many milliseconds of beats is taken for dead. */
const silentMs = 60_000;
const pollMs = 250;

/**
 * Runs the work while holding `file`. The owner's process and the file's age decide whether an
 * owner is dead. Two waiters may take over from the same dead owner at once: what is done under
 * a turn must therefore stay correct when done twice. Throws STORE_FAILED past the limit.
 */
export async function inTurn<T>(
  file: string,
  options: TurnOptions,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  await acquire(file, options);
  const beat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {
      clearInterval(beat);
    });
  }, beatMs);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rm(file, { force: true });
  }
}

async function acquire(file: string, options: TurnOptions): Promise<void> {
  const deadline = Date.now() + options.limitMs;
  for (let attempt = 0; Date.now() < deadline; attempt += 1) {
    if (await create(file)) return;
    const owner = await livingOwner(file);
    if (owner === null) await rm(file, { force: true });
    else {
      if (attempt % Math.ceil(1_000 / pollMs) === 0) options.onWait(owner);
      await sleep(pollMs, undefined, { signal: options.signal });
    }
  }
  throw new BlueGreenError("STORE_FAILED", `${file} is held by another process for too long`, {
    hint: `Delete ${file} when no other bluegreen runs.`,
  });
}

/** Links a finished file, so that nobody ever reads half an owner. */
async function create(file: string): Promise<boolean> {
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, JSON.stringify({ pid: process.pid, host: hostname() }));
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function livingOwner(file: string): Promise<string | null> {
  try {
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > silentMs) return null;
    const owner = JSON.parse(await readFile(file, "utf8")) as { pid: number; host: string };
    const gone = owner.host === hostname() && (await lookAtProcess(owner.pid)) === null;
    return gone ? null : `process ${owner.pid} on ${owner.host}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
