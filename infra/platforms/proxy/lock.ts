/** A short lock in the router's own folder: a reload and a switch never happen at the same time. */

import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { BlueGreenError } from "../../errors.ts";
import type { ProcessIdentity } from "../../process-identity.ts";
import { isAlive, ownIdentity } from "../../process-identity.ts";
import type { Host } from "./host.ts";

export interface LockTimes {
  /** A lock says itself how long it is held at most, by its holder's clock. */
  readonly heldMs: number;
  /** Work that goes on renews a lock of this age, */
  readonly renewMs: number;
  /** and looks after it so often, whether it changes anything or not. */
  readonly beatMs: number;
  /** Whoever sees a lock unchanged for so long, by its own clock, knows that its holder is gone. */
  readonly stillMs: number;
  /** Before a change the lock is read again when it was last seen so long ago. */
  readonly seenMs: number;
  /** Longer than a lock is held, so that whoever waits gets it, also from a holder that died. */
  readonly waitMs: number;
}

/**
 * A way back past an engine has no time to lose on a driver that was killed on another host; and each
 * beat over SSH may be a login.
 */
const usualTimes: LockTimes = {
  heldMs: 60_000,
  renewMs: 2_000,
  beatMs: 2_000,
  stillMs: 8_000,
  seenMs: 1_000,
  waitMs: 65_000,
};
const pollMs = 50;

/** The lock is somebody else's by now: whatever was begun ends here, and takes nothing back. */
export class Overtaken extends BlueGreenError {
  constructor(path: string, found: string | null) {
    super("ROUTER_BUSY", `this took too long, and the router is now ${holderName(found)}`, {
      hint: `Run the command again: it finds out what is served. The lock is ${path}.`,
    });
    this.name = "Overtaken";
  }
}

const holderShape = z.object({
  host: z.string(),
  pid: z.int(),
  started: z.string(),
  until: z.int(),
});

/** Those that work of this very process holds; any other lock of it was left behind. */
const heldHere = new Set<string>();

/**
 * The work gets the host back with a fence: before each change it is made sure that the lock is
 * still held. Not being able to give it back is no error: it ends by itself.
 *
 * @throws BlueGreenError ROUTER_BUSY
 */
export async function underLock<T>(
  host: Host,
  path: string,
  work: (fenced: Host) => Promise<T>,
  times: LockTimes = usualTimes,
): Promise<T> {
  const lock = await takeLock(host, path, times);
  const beat = setInterval(() => {
    lock.beat();
  }, times.beatMs);
  try {
    return await work(fencedBy(lock, host));
  } finally {
    clearInterval(beat);
    await lock.release();
  }
}

async function takeLock(host: Host, path: string, times: LockTimes): Promise<HeldLock> {
  const deadline = Date.now() + times.waitMs;
  let still = { text: "", since: 0 };
  for (;;) {
    const lock = new HeldLock(host, path, times);
    if (await lock.take()) return lock;
    const found = await host.read(path);
    if (found !== null && found !== still.text) still = { text: found, since: performance.now() };
    const isStill = performance.now() - still.since > times.stillMs;
    const isLeft = found !== null && (isStill || isFree(found));
    if (isLeft && (await host.removeIf(path, found))) continue;
    if (Date.now() > deadline) throw busy(path, found);
    await sleep(pollMs);
  }
}

interface Note {
  readonly text: string;
  readonly takenAt: number;
}

class HeldLock {
  readonly #host: Host;
  readonly #path: string;
  readonly #times: LockTimes;
  readonly #first: Note;
  /** What the file may hold: more than one where nobody knows whether a renewal got there. */
  #notes: readonly Note[];
  #seenAt: number;
  #confirmed: Promise<void> = Promise.resolve();
  #isBeating = false;

  constructor(host: Host, path: string, times: LockTimes) {
    this.#host = host;
    this.#path = path;
    this.#times = times;
    this.#seenAt = Date.now();
    this.#first = this.#newNote(this.#seenAt);
    this.#notes = [this.#first];
  }

  take(): Promise<boolean> {
    return this.#create(this.#first);
  }

  async #create({ text }: Note): Promise<boolean> {
    let isTaken = false;
    heldHere.add(text);
    try {
      isTaken = await this.#host.create(this.#path, text);
    } finally {
      if (!isTaken) heldHere.delete(text);
    }
    return isTaken;
  }

  /**
   * Looks after the lock beside the work; one look at a time, also where its host is slow to answer.
   * Who was overtaken meets that at the next change; another failure may be gone by then.
   */
  beat(): void {
    if (this.#isBeating) return;
    this.#isBeating = true;
    void this.confirm()
      .catch(() => undefined)
      .finally(() => {
        this.#isBeating = false;
      });
  }

  /**
   * One after the other. Who was overtaken once stays so; a look that failed for another reason
   * fails alone, as the way back needs the next one.
   *
   * @throws Overtaken
   */
  confirm(): Promise<void> {
    this.#confirmed = this.#confirmed.then(
      () => this.#confirm(),
      (error: unknown) => {
        if (error instanceof Overtaken) throw error;
        return this.#confirm();
      },
    );
    return this.#confirmed;
  }

  async #confirm(): Promise<void> {
    const now = Date.now();
    if (now - this.#seenAt < this.#times.seenMs) return;
    const found = await this.#host.read(this.#path);
    const note = this.#notes.find(({ text }) => text === found);
    if (!note) throw new Overtaken(this.#path, found);
    if (now - note.takenAt > this.#times.renewMs) await this.#renew(note, now);
    this.#seenAt = now;
  }

  /** Whoever waits takes no lock before it stood still for its time: until then it may be replaced. */
  async #renew(former: Note, now: number): Promise<void> {
    const next = this.#newNote(now);
    heldHere.add(next.text);
    this.#notes = [...this.#notes, next];
    if (!(await this.#replace(former, next))) {
      throw new Overtaken(this.#path, await this.#host.read(this.#path));
    }
    for (const { text } of this.#notes) if (text !== next.text) heldHere.delete(text);
    this.#notes = [next];
  }

  /** False when it may be somebody else's by now. */
  async #replace(former: Note, next: Note): Promise<boolean> {
    const formerEnd = former.takenAt + this.#times.stillMs;
    // What is left of that time is for the write.
    if (Date.now() > formerEnd - this.#times.stillMs / 2) {
      return (await this.#host.removeIf(this.#path, former.text)) && (await this.#create(next));
    }
    await this.#host.write(this.#path, next.text);
    return Date.now() < formerEnd;
  }

  #newNote(takenAt: number): Note {
    const until = takenAt + this.#times.heldMs;
    const nonce = randomBytes(4).toString("hex");
    return { text: JSON.stringify({ host: hostname(), ...ownIdentity(), until, nonce }), takenAt };
  }

  async release(): Promise<void> {
    await this.#confirmed.catch(() => undefined);
    for (const { text } of this.#notes) heldHere.delete(text);
    try {
      for (const { text } of this.#notes) await this.#host.removeIf(this.#path, text);
    } catch (error) {
      // What the work did, or why it failed, matters more.
      if (!(error instanceof BlueGreenError)) throw error;
    }
  }
}

/** What is said to a server only asks, but for HAProxy's commands that set its maps and servers. */
const isChange = /^(@\S+ )?set /;

function fencedBy(lock: HeldLock, host: Host): Host {
  const held = async <T>(change: () => Promise<T>): Promise<T> => {
    await lock.confirm();
    return change();
  };
  return {
    name: host.name,
    read: (path) => host.read(path),
    readLink: (path) => host.readLink(path),
    list: (folder) => host.list(folder),
    sizes: (paths) => host.sizes(paths),
    ask(endpoint, text, deadlineMs) {
      const asked = () => host.ask(endpoint, text, deadlineMs);
      return isChange.test(text) ? held(asked) : asked();
    },
    close: () => host.close(),
    write: (path, text, mode) => held(() => host.write(path, text, mode)),
    link: (path, target) => held(() => host.link(path, target)),
    create: (path, text) => held(() => host.create(path, text)),
    remove: (path) => held(() => host.remove(path)),
    removeIf: (path, text) => held(() => host.removeIf(path, text)),
    run: (argv, options) => held(() => host.run(argv, options)),
  };
}

/** Its time is over, its holder was a process of this host that has ended, or it is forgotten. */
function isFree(text: string): boolean {
  const holder = holderIn(text);
  if (holder === null || holder.until < Date.now()) return true;
  if (holder.host !== hostname()) return false;
  return isOwn(holder) ? !heldHere.has(text) : !isAlive(holder);
}

function isOwn(holder: ProcessIdentity): boolean {
  const own = ownIdentity();
  return holder.pid === own.pid && holder.started === own.started;
}

function holderIn(text: string): z.output<typeof holderShape> | null {
  try {
    return holderShape.parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

function busy(path: string, text: string | null): BlueGreenError {
  return new BlueGreenError("ROUTER_BUSY", `the router is being ${holderName(text)}`, {
    hint: `Wait for it. Its lock is ${path}.`,
  });
}

function holderName(text: string | null): string {
  const holder = text === null ? null : holderIn(text);
  return `changed by ${holder === null ? "somebody else" : `process ${holder.pid} of ${holder.host}`}`;
}
