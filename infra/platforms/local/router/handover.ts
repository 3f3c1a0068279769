/** Lets the colors that lose their traffic finish first, while new requests wait. */

import { setTimeout as sleep } from "node:timers/promises";

import { BlueGreenError } from "../../../errors.ts";
import type { Color } from "../../../model.ts";
import { colors } from "../../../model.ts";
import type { RouterRoutes } from "./protocol.ts";
import { hasTraffic } from "./protocol.ts";
import type { Proxy } from "./proxy.ts";

const pollMs = 5;
/** An upgraded connection takes a second to say goodbye, and what is cut a moment to be gone. */
const farewellMs = 2000;

export interface Handover {
  readonly proxy: Proxy;
  /** The colors that must be silent before another one serves. */
  readonly leaving: readonly Color[];
  readonly withinMs: number;
  /** What is still open then: `cut` for a way back, which nothing may stop. */
  readonly late: "cut" | "refuse";
  /** The router is about to end. */
  readonly isStopping: () => boolean;
}

/** The colors that lose all traffic to another one; none where both may serve, or nobody starts. */
export function leavingColors(before: RouterRoutes, after: RouterRoutes): readonly Color[] {
  const arrives = colors.some((color) => !hasTraffic(before, color) && hasTraffic(after, color));
  if (!arrives) return [];
  return colors.filter((color) => hasTraffic(before, color) && !hasTraffic(after, color));
}

/**
 * Until nothing of them is open at this router; the caller ends the pause. Upgraded connections are
 * ended last, once it is sure that traffic moves.
 *
 * @throws BlueGreenError COLOR_BUSY where they didn't finish in time, ROUTER_DOWN
 */
export async function silence(handover: Handover): Promise<void> {
  const { proxy, leaving, withinMs, late } = handover;
  proxy.pause.begin();
  if (!(await waited(handover, withinMs, () => requestsOf(handover) === 0))) {
    if (late === "refuse") throw stillBusy(handover);
    for (const color of leaving) for (const exchange of proxy.exchanges[color]) exchange.cut();
  }
  const gone = await waited(handover, farewellMs, () => {
    for (const color of leaving) for (const tunnel of proxy.tunnels[color]) tunnel.end();
    return openOf(handover) === 0;
  });
  if (!gone && late === "refuse") throw stillBusy(handover);
}

async function waited(
  { isStopping }: Handover,
  withinMs: number,
  isOver: () => boolean,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!isOver()) {
    if (isStopping()) throw new BlueGreenError("ROUTER_DOWN", "the router is stopping");
    if (performance.now() > deadline) return false;
    await sleep(pollMs);
  }
  return true;
}

function openOf({ proxy, leaving }: Handover): number {
  return leaving.reduce((sum, color) => sum + proxy.counters[color].open, 0);
}

/** Without the upgraded connections, which end when they are told to. */
function requestsOf({ proxy, leaving }: Handover): number {
  const of = (color: Color) => proxy.counters[color].open - proxy.counters[color].upgraded;
  return leaving.reduce((sum, color) => sum + of(color), 0);
}

function stillBusy(handover: Handover): BlueGreenError {
  const { leaving, withinMs } = handover;
  const count = openOf(handover);
  const requests = count === 1 ? "1 request" : `${count} requests`;
  const message =
    `${leaving.join(" and ")} had ${requests} open after a pause of ${withinMs} ms, ` +
    "so traffic wasn't moved";
  return new BlueGreenError("COLOR_BUSY", message, {
    hint: "wait for its long requests to end, or set a longer `bluegreen:local.pause`",
  });
}
