/** Sends GET requests to a color's instances at a set rate for a set time, and counts what came back. */

import { slept, systemClock } from "../../infra/clock.ts";
import { lagMs } from "../../infra/config/burst.ts";
import type { Address } from "../../infra/model.ts";
import { isElsewhere, probe, sentenceOf } from "../../infra/probe.ts";
import { keepConnection } from "../../infra/probe/connection.ts";
import type { ProbeConnection } from "../../infra/probe/connection.ts";
import { targetOf } from "../../infra/probe/target.ts";

export interface BurstOrder {
  readonly addresses: readonly Address[];
  readonly paths: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** To all instances together. */
  readonly ratePerSecond: number;
  readonly forMs: number;
  /** Requests at once. */
  readonly concurrency: number;
  /** For one request. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface BurstCount {
  readonly planned: number;
  /** Less than planned where too many others were under way, or the signal came. */
  readonly sent: number;
  /** Not among them are those that say nothing about the instance. */
  readonly failed: number;
  /** Requests that didn't get to the instance from here. */
  readonly elsewhere: number;
  /** Milliseconds of each right answer, as they came. */
  readonly times: readonly number[];
  /** The first requests that failed or didn't get there, a sentence each. */
  readonly problems: readonly string[];
}

type Tally = { -readonly [K in keyof BurstCount]: BurstCount[K] } & {
  readonly times: number[];
  readonly problems: string[];
};

/** A body beyond this is cut: it counts as complete. */
const bodyCap = 1024 * 1024;
const maxProblems = 5;
/** Also what leads elsewhere was worked for. */
const good = Array.from({ length: 200 }, (_, index) => 200 + index);

/** How many requests a burst has. */
export function plannedOf({ ratePerSecond, forMs }: { ratePerSecond: number; forMs: number }) {
  return Math.floor((ratePerSecond * forMs) / 1_000);
}

/**
 * Sends by the clock: what is due is sent however slow the answers are, as long as not too many are
 * under way. Connections are kept, as routers keep them. Never rejects.
 */
export async function sendBurst(order: BurstOrder): Promise<BurstCount> {
  const planned = plannedOf(order);
  const tally: Tally = { planned, sent: 0, failed: 0, elsewhere: 0, times: [], problems: [] };
  const connection = keepConnection();
  const startMs = performance.now();
  const elapsedMs = (): number => performance.now() - startMs;
  const lastMs = order.forMs + lagMs(order.forMs);
  const turns = Array.from({ length: planned }, (_, turn) => turn).values();
  const lane = async (): Promise<void> => {
    for (const turn of turns) {
      const waitMs = (turn * 1_000) / order.ratePerSecond - elapsedMs();
      if (waitMs > 0) await slept(systemClock, waitMs, order.signal);
      if (order.signal.aborted || elapsedMs() > lastMs) return;
      await send(turn, { order, connection, tally });
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, lane));
  connection.close();
  return tally;
}

interface Burst {
  readonly order: BurstOrder;
  readonly connection: ProbeConnection;
  readonly tally: Tally;
}

async function send(turn: number, { order, connection, tally }: Burst): Promise<void> {
  const { headers, timeoutMs, signal } = order;
  const { address, path } = pairAt(turn, order);
  tally.sent += 1;
  const asked = { address, path, headers, timeoutMs, statuses: good, bodyCap, connection, signal };
  const result = await probe(asked);
  if (result.kind === "answered" && result.allowed) {
    tally.times.push(result.ms);
    return;
  }
  // What the signal cut off says nothing.
  if (signal.aborted) return;
  const loopback = targetOf({ address })?.loopback === true;
  if (isElsewhere(result, { loopback })) tally.elsewhere += 1;
  else tally.failed += 1;
  if (tally.problems.length >= maxProblems) return;
  tally.problems.push(sentenceOf({ where: address, path, statuses: ["2xx", "3xx"] }, result));
}

/** All instances and all paths come soon, and each path at each instance in the end. */
function pairAt(
  turn: number,
  { addresses, paths }: BurstOrder,
): { readonly address: Address; readonly path: string } {
  const [instances, asked] = [addresses.length, paths.length];
  const round = (instances * asked) / greatestDivisor(instances, asked);
  return {
    address: addresses[(turn + Math.floor(turn / round)) % instances] ?? "",
    path: paths[turn % asked] ?? "",
  };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
