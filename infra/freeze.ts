/** When traffic mustn't be switched: freeze windows, and what is outside of low-traffic windows. */

import { Cron } from "croner";

import type { FreezeSettings } from "./config/freeze.ts";
import type { Frozen } from "./rules/freeze.ts";

type Window = FreezeSettings["windows"][number];

/** Windows that follow one another without a gap are looked through this far. */
const maxWindows = 200;

/** Null while switches are allowed. */
export function frozenAt(freeze: FreezeSettings, nowMs: number): Frozen | null {
  const reason = reasonAt(freeze, nowMs);
  if (reason === null) return null;
  const end = thawOf(freeze, nowMs);
  return {
    reason,
    until: end === null ? null : new Date(end).toISOString(),
    untilThere: end === null ? null : localTime(end, freeze.zone),
  };
}

function reasonAt({ windows, only, zone }: FreezeSettings, atMs: number): string | null {
  const closed = windows.find((window) => endOf(window, zone, atMs) !== null);
  if (closed) return closed.reason ?? "a freeze window";
  if (only.length === 0 || only.some((window) => endOf(window, zone, atMs) !== null)) return null;
  return "it isn't a low-traffic window";
}

/** The first moment from then on at which nothing forbids a switch. */
function thawOf(freeze: FreezeSettings, fromMs: number): number | null {
  const { windows, only, zone } = freeze;
  let atMs = fromMs;
  for (let left = maxWindows; left > 0; left -= 1) {
    if (reasonAt(freeze, atMs) === null) return atMs;
    const ends = windows.flatMap((window) => endOf(window, zone, atMs) ?? []);
    const starts = only.flatMap((window) => startAfter(window, zone, atMs) ?? []);
    const next = ends.length > 0 ? Math.max(...ends) : Math.min(...starts);
    if (!Number.isFinite(next)) return null;
    atMs = next;
  }
  return null;
}

/** When the window that is open then ends; null while it isn't open. */
function endOf(window: Window, zone: string, atMs: number): number | null {
  const start = startAfter(window, zone, atMs - window.forMs);
  return start !== null && start <= atMs ? start + window.forMs : null;
}

function startAfter({ start }: Window, zone: string, afterMs: number): number | null {
  const cron = new Cron(start, { timezone: zone, paused: true });
  return cron.nextRun(new Date(afterMs))?.getTime() ?? null;
}

function localTime(ms: number, zone: string): string {
  // Swedish writes a date as ISO 8601 does.
  const date = new Date(ms).toLocaleString("sv-SE", {
    timeZone: zone,
    timeStyle: "short",
    dateStyle: "short",
  });
  return `${date} ${zone}`;
}
