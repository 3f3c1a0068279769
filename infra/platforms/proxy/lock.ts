/** A short lock in the router's own folder: a reload and a switch never happen at the same time. */

import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { BlueGreenError } from "../../errors.ts";
import { isAlive, ownIdentity } from "../../process-identity.ts";
import type { Host } from "./host.ts";

/** No work under the lock takes longer; by then a lock is nobody's any more. */
const heldMs = 40_000;
/** Longer than a lock is held, so that whoever waits gets it, also from a holder that died. */
const waitMs = 45_000;
const pollMs = 50;

const holderShape = z.object({
  host: z.string(),
  pid: z.int(),
  started: z.string(),
  until: z.int(),
});

/** @throws BlueGreenError ROUTER_BUSY */
export async function underLock<T>(host: Host, path: string, work: () => Promise<T>): Promise<T> {
  const own = await takeLock(host, path);
  try {
    return await work();
  } finally {
    if ((await host.read(path)) === own) await host.remove(path);
  }
}

async function takeLock(host: Host, path: string): Promise<string> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const holder = { host: hostname(), ...ownIdentity(), until: Date.now() + heldMs };
    const text = JSON.stringify(holder);
    if (await host.create(path, text)) return text;
    const found = await host.read(path);
    if (found !== null && isFree(found)) await host.remove(path);
    else if (Date.now() > deadline) throw busy(path, found);
    else await sleep(pollMs);
  }
}

/** Its time is over, or its holder was a process of this host that has ended. */
function isFree(text: string): boolean {
  const holder = holderIn(text);
  if (holder === null || holder.until < Date.now()) return true;
  return holder.host === hostname() && !isAlive(holder);
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
  const holder = text === null ? null : holderIn(text);
  const who = holder === null ? "somebody" : `process ${holder.pid} of ${holder.host}`;
  return new BlueGreenError("ROUTER_BUSY", `the router is being changed by ${who}`, {
    hint: `Wait for it. Its lock is ${path}.`,
  });
}
