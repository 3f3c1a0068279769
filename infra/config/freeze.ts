/** The settings that say when traffic mustn't be switched. */

import { Cron } from "croner";
import { z } from "zod";

import { hour, minute } from "../duration.ts";
import type { Settled } from "./settled.ts";
import { duration, judged, line, optional } from "./fields.ts";

const startType = 'a cron expression or a local time, such as "0 16 * * FRI" or "2026-12-20T00:00"';

const start = judged(startType, startProblem);

const window = z.strictObject({
  start: start.describe("When it begins, in the time zone."),
  for: duration({ min: minute, max: 2160 * hour, example: "64h" }).describe("How long it lasts."),
  reason: optional(line("a text on one line", 200)).describe("Shown to whom it stops."),
});

const windows = () => z.array(window).max(100).meta({ type: "a list of windows" }).prefault([]);

/** The slice `bluegreen:freeze`. */
export const freezeSchema = z.strictObject({
  zone: z
    .string()
    .refine(isZone, "isn't a time zone")
    .meta({ type: 'the name of a time zone, such as "Europe/Berlin"' })
    .prefault("UTC")
    .describe("Time zone of the windows."),
  windows: windows().describe("No switch while one of these is open; a rollback always may."),
  only: windows().describe("Low-traffic windows: a switch only in these; empty: at any time."),
});

export type FreezeSettings = Settled<z.output<typeof freezeSchema>>;

function startProblem(text: string): string | null {
  const local = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(text);
  if (!local && text.trim().split(/\s+/).length !== 5) {
    return "has neither five fields of cron nor the form of a local time";
  }
  if (local) return isDay(text.slice(0, 10)) && parses(text) ? null : "is a time that there isn't";
  return parses(text) ? null : "isn't a cron expression";
}

function parses(text: string): boolean {
  try {
    new Cron(text, { paused: true });
    return true;
  } catch {
    return false;
  }
}

function isDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(date);
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
