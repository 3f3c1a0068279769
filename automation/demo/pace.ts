/** How many requests a second this machine bears, the load's own processor time included. */

import { Agent } from "node:http";
import { exchange } from "./load-exchange.ts";

/** Slower proves too little, faster than wished isn't sent. */
export const slowestRate = 200;
/** Pulumi, the driver and whatever else runs here need the rest. */
const share = 0.4;
const roundTo = 50;

const clients = 16;
/** Until programs that have just started are as fast as they get. */
const warmUpMs = 500;
const measureMs = 1_000;
const timeoutMs = 5_000;
const paths = ["/products", "/products", "/"];

/** Sent by a load that leaves room: an overfull listen queue would look like a bad switch. Pure. */
export function rateFor(perSecond: number, wish: number): number {
  const borne = Math.floor((perSecond * share) / roundTo) * roundTo;
  return Math.min(wish, Math.max(slowestRate, borne));
}

/**
 * Full answers per second to clients that ask again as soon as they are answered, half of the
 * requests on fresh connections; rejects where one isn't answered.
 */
export async function measuredPace(url: string, signal: AbortSignal): Promise<number> {
  const kept = new Agent({ keepAlive: true, maxFreeSockets: clients });
  const from = performance.now() + warmUpMs;
  const until = from + measureMs;
  let answered = 0;
  const client = async (first: number): Promise<void> => {
    for (let n = first; performance.now() < until && !signal.aborted; n += 1) {
      const path = paths[n % paths.length] ?? "/";
      await exchange(new URL(path, url), { path }, n % 2 === 0 ? kept : false, timeoutMs);
      if (performance.now() >= from) answered += 1;
    }
  };
  try {
    await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  } finally {
    kept.destroy();
  }
  signal.throwIfAborted();
  return (answered * 1_000) / measureMs;
}
