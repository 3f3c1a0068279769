/** One command at a time on a server: also one that goes on though who started it has ended. */

import { renameSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { formatDuration } from "../../../duration.ts";
import { BlueGreenError } from "../../../errors.ts";
import type { ProcessIdentity } from "../../../process-identity.ts";
import { isAlive, ownIdentity } from "../../../process-identity.ts";
import { thisMachine } from "../hosts/this-machine.ts";

/** For one that is about to end; more would only hide that it goes on. */
const waitMs = 5_000;
const pollMs = 100;

const identity = z.object({ pid: z.int(), started: z.string() });

const heldShape = z.object({
  host: z.string(),
  /** Who waits for the command; null: nobody any more. */
  holder: identity.nullable(),
  /** The command itself; null where it runs on another machine, or hasn't begun. */
  command: identity.nullable(),
  /** What runs, as in a message. */
  what: z.string(),
  since: z.string(),
  /** Where its end can't be seen from here: it has ended by itself at this time; null: it can. */
  untilMs: z.int().nullable(),
});

type Held = z.output<typeof heldShape>;

export interface ServerLock {
  readonly path: string;
  /** What is to run, as in a message: "install of 2". */
  readonly what: string;
  /** How long it may run on another machine, where its end can't be seen; null: it runs here. */
  readonly unseenMs: number | null;
  /** True of an error that leaves open whether it still runs. */
  readonly leavesOpen: (error: unknown) => boolean;
}

/**
 * Runs work that no other command is with; it notes the process that it starts.
 *
 * @throws PROVISION_FAILED when another one runs, or may still run, at once where another host began
 * it; STORE_FAILED
 */
export async function underServerLock<T>(
  lock: ServerLock,
  work: (note: (command: ProcessIdentity) => void) => Promise<T>,
): Promise<T> {
  const held = await take(lock);
  const note = (command: ProcessIdentity): void => {
    held.command = command;
    replace(lock.path, JSON.stringify(held));
  };
  const free = () => thisMachine.removeIf(lock.path, JSON.stringify(held));
  try {
    const result = await work(note);
    await free();
    return result;
  } catch (error) {
    if (lock.leavesOpen(error)) replace(lock.path, JSON.stringify({ ...held, holder: null }));
    else await free();
    throw error;
  }
}

async function take({ path, what, unseenMs }: ServerLock): Promise<Held> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const now = Date.now();
    const held: Held = {
      ...{ host: hostname(), holder: ownIdentity(), command: null, what },
      since: new Date(now).toISOString(),
      untilMs: unseenMs === null ? null : now + unseenMs,
    };
    if (await thisMachine.create(path, JSON.stringify(held))) return held;
    const text = await thisMachine.read(path);
    const other = text === null ? null : parsed(text);
    const problem = inTheWay(other, path);
    const isOver = now > deadline || (other !== null && isElsewhere(other));
    if (text !== null && problem === null) await thisMachine.removeIf(path, text);
    else if (problem !== null && isOver) throw problem;
    else await sleep(pollMs);
  }
}

/** Null when it is over. */
function inTheWay(held: Held | null, path: string): BlueGreenError | null {
  if (held === null) return null;
  const { command, holder, untilMs } = held;
  const isTimeUp = untilMs !== null && untilMs < Date.now();
  if (isElsewhere(held)) return isTimeUp ? null : elsewhere(held, path);
  const runs = [command, holder].find((each) => each !== null && isAlive(each));
  if (runs) return running(held, runs, path);
  return untilMs === null || isTimeUp ? null : unseen(held, untilMs, path);
}

/** Another machine's processes, and those of a container, aren't seen from here. */
function isElsewhere({ host }: Held): boolean {
  return host !== hostname();
}

function elsewhere({ what, since, host, untilMs }: Held, path: string): BlueGreenError {
  const age = formatDuration(
    Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1_000)) * 1_000,
  );
  const message = `${what} was begun by the host ${host} ${age} ago (${since}), and only there it can be known whether it still runs`;
  const until = untilMs === null ? null : new Date(untilMs).toISOString();
  const orLater = until === null ? "" : `; after ${until} it is over by itself`;
  return new BlueGreenError("PROVISION_FAILED", message, {
    hint: `look there and wait for it, or end it; where it is over, or that host is gone: \`rm ${path}\`, and run the same command again${orLater}`,
  });
}

function running({ what, since }: Held, { pid }: ProcessIdentity, path: string): BlueGreenError {
  const message = `${what} still runs there since ${since} (process ${pid})`;
  return new BlueGreenError("PROVISION_FAILED", message, {
    hint: `wait for it, or end it (\`kill -9 -- -${pid}\`); then run the same command again (its lock: ${path})`,
  });
}

function unseen({ what, since }: Held, untilMs: number, path: string): BlueGreenError {
  const until = new Date(untilMs).toISOString();
  const message = `${what} was cut off (it began at ${since}), and from here it can't be known whether it still runs there`;
  return new BlueGreenError("PROVISION_FAILED", message, {
    hint: `run the same command again after ${until}, when its time is up; or look there, end it, and remove ${path}`,
  });
}

function parsed(text: string): Held | null {
  try {
    return heldShape.parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

function replace(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}
