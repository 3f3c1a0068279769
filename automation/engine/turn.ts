/** Lets one process at a time do a piece of work that several may want; the others wait. */
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
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
  const text = await acquire(file, options);
  const beat = setInterval(() => {
    touch(file, text).catch(() => {
      clearInterval(beat);
    });
  }, beatMs);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await removeIfStill(file, text);
  }
}

/** Keeps its own file young: another's, who took over, isn't kept alive for them. */
async function touch(file: string, text: string): Promise<void> {
  if ((await readFile(file, "utf8")) !== text) throw new Error("another process has taken over");
  const now = new Date();
  await utimes(file, now, now);
}

/** @returns the file's text, which no other holder's equals */
async function acquire(file: string, options: TurnOptions): Promise<string> {
  const deadline = Date.now() + options.limitMs;
  for (let attempt = 0; Date.now() < deadline; attempt += 1) {
    const own = await create(file);
    if (own !== null) return own;
    const seen = await look(file);
    if (seen === null) continue;
    if (seen.owner === null) await removeIfStill(file, seen.text);
    else {
      if (attempt % Math.ceil(1_000 / pollMs) === 0) options.onWait(seen.owner);
      await sleep(pollMs, undefined, { signal: options.signal });
    }
  }
  throw new BlueGreenError("STORE_FAILED", `${file} is held by another process for too long`, {
    hint: `Delete ${file} when no other bluegreen runs.`,
  });
}

/**
 * Links a finished file, so that nobody ever reads half an owner.
 *
 * @returns its text; null while there is a file already
 */
async function create(file: string): Promise<string | null> {
  const id = randomUUID();
  const own = `${file}.${id}`;
  const text = JSON.stringify({ pid: process.pid, host: hostname(), id });
  await writeFile(own, text);
  try {
    await link(own, file);
    return text;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return null;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

interface Seen {
  readonly text: string;
  /** The living owner in words; null: it is dead. */
  readonly owner: string | null;
}

/** Null: there is no file any more. */
async function look(file: string): Promise<Seen | null> {
  try {
    const { mtimeMs } = await stat(file);
    const text = await readFile(file, "utf8");
    if (Date.now() - mtimeMs > silentMs) return { text, owner: null };
    const { pid, host } = JSON.parse(text) as { pid: number; host: string };
    const gone = host === hostname() && (await lookAtProcess(pid)) === null;
    return { text, owner: gone ? null : `process ${pid} on ${host}` };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Moves the file aside, where nobody changes it, and puts it back when it is another's. */
async function removeIfStill(file: string, text: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    if ((await readFile(file, "utf8")) !== text) return;
    await rename(file, aside);
    if ((await readFile(aside, "utf8")) !== text) await link(aside, file);
  } catch (error) {
    // Gone: somebody else removed it. Exists: somebody else's turn has begun meanwhile.
    if (codeOf(error) !== "ENOENT" && codeOf(error) !== "EEXIST") throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
