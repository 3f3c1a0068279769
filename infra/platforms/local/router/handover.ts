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
 * New requests wait until those of these colors are answered, or their time is over; the caller
 * ends the pause. Nothing is ended yet: upgraded connections go on.
 *
 * @throws BlueGreenError COLOR_BUSY where they didn't finish in time, ROUTER_DOWN
 */
export async function quiesce(handover: Handover): Promise<void> {
  const { proxy, leaving, withinMs, late, isStopping } = handover;
  proxy.pause.begin(leaving);
  const isQuiet = await waited(withinMs, () => {
    if (isStopping()) throw new BlueGreenError("ROUTER_DOWN", "the router is stopping");
    return openOf(handover).requests === 0;
  });
  if (!isQuiet && late === "refuse") throw stillBusy(handover);
}

/** Once it is sure that traffic moves: ends what is upgraded, and what didn't finish in time. */
export async function dismiss({ proxy, leaving }: Handover): Promise<void> {
  const cut = (): void => {
    for (const color of leaving) for (const exchange of proxy.exchanges[color]) exchange.cut();
  };
  if (openOf({ proxy, leaving }).requests > 0) cut();
  const isGone = await waited(farewellMs, () => {
    for (const color of leaving) for (const tunnel of proxy.tunnels[color]) tunnel.end();
    return leaving.every((color) => proxy.counters[color].open === 0);
  });
  if (!isGone) cut();
}

async function waited(withinMs: number, isOver: () => boolean): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!isOver()) {
    if (performance.now() > deadline) return false;
    await sleep(pollMs);
  }
  return true;
}

/** Without the upgraded connections, which end when they are told to. */
function openOf({ proxy, leaving }: Pick<Handover, "proxy" | "leaving">) {
  const counters = leaving.map((color) => proxy.counters[color]);
  return {
    requests: counters.reduce((sum, { open, upgraded }) => sum + open - upgraded, 0),
    previews: counters.reduce((sum, { preview }) => sum + preview.open - preview.upgraded, 0),
  };
}

function stillBusy(handover: Handover): BlueGreenError {
  const { leaving, withinMs } = handover;
  const { requests, previews } = openOf(handover);
  const count = requests === 1 ? "1 request" : `${requests} requests`;
  const among = previews === 0 ? "" : ` (${previews} by the preview header)`;
  const message =
    `${leaving.join(" and ")} had ${count} open${among} after a pause of ${withinMs} ms, ` +
    "so traffic wasn't moved";
  return new BlueGreenError("COLOR_BUSY", message, {
    hint: "wait for its long requests to end, or set a longer `bluegreen:local.pause`",
  });
}
