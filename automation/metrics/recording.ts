/** A bake as its event log holds it: what it was judged by, each look at it, and how it ended. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BlueGreenError } from "../../infra/errors.ts";
import type { Verdict } from "../../infra/model.ts";
import { parsedJson } from "../../infra/probe/json.ts";
import { eventSchema } from "../event.ts";
import type { Event, Logged } from "../event.ts";
import type { Grounds, Seen } from "../rollout/metrics.ts";

export interface Look {
  /** Milliseconds since the switch. */
  readonly atMs: number;
  readonly seen: readonly Seen[];
}

export interface Recording {
  readonly grounds: Grounds;
  readonly looks: readonly Look[];
  /** How many of them came while hooks ran beside the bake, which couldn't end before these did. */
  readonly besideHooks: number;
  /** Null where the run ended before its bake did. */
  readonly ended: { readonly verdict: Verdict; readonly sentence: string } | null;
}

/** Logs that are named where the one asked for isn't there. */
const shownLogs = 5;

/** @throws USAGE for a log that isn't there, or holds no bake; RECORD_NEWER */
export function readRecording(folder: string, rolloutId: string): Recording {
  const text = textOf(folder, rolloutId);
  const recording = recordingIn(eventsIn(text));
  if (recording) return recording;
  throw new BlueGreenError("USAGE", `the log of ${rolloutId} holds no bake that was written down`, {
    hint:
      "a bake is in the log of the run that judged it; logs of older versions lack its readings, " +
      "and the steps of a shift can't be judged again",
  });
}

function textOf(folder: string, rolloutId: string): string {
  const logs = logsIn(folder);
  if (logs.includes(rolloutId)) return readFileSync(join(folder, `${rolloutId}.ndjson`), "utf8");
  const known = logs.toReversed().slice(0, shownLogs).join(", ");
  throw new BlueGreenError("USAGE", `there is no log of ${rolloutId} on this machine`, {
    hint: known === "" ? "logs stay on the machine that ran the rollout" : `the newest: ${known}`,
  });
}

/** Names of logs, oldest first. */
function logsIn(folder: string): readonly string[] {
  try {
    const logs = readdirSync(folder).filter((name) => name.endsWith(".ndjson"));
    return logs.map((name) => name.slice(0, -".ndjson".length)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** A line that was cut short by a kill is left out. */
export function eventsIn(text: string): readonly Event[] {
  return text.split("\n").flatMap((line) => {
    const logged = parsedJson(line) as Partial<Logged> | undefined;
    if (logged?.event === undefined) return [];
    if ((logged.schema ?? 0) > eventSchema) {
      throw new BlueGreenError("RECORD_NEWER", "the log was written by a newer bluegreen", {
        hint: "replay it with that version",
      });
    }
    return [logged.event];
  });
}

/** The last bake in a log; null where there is none. */
export function recordingIn(events: readonly Event[]): Recording | null {
  const began = events.findLastIndex(({ kind }) => kind === "Measured");
  const begin = events[began];
  if (begin?.kind !== "Measured") return null;
  const rest = events.slice(began);
  const baked = rest.findLast((event) => event.kind === "Baked");
  const ended = baked ? { verdict: baked.verdict, sentence: baked.sentence } : null;
  // Hooks that end after the bake aren't of a stage beside it.
  const during = baked ? rest.slice(0, rest.indexOf(baked)) : rest;
  const hooked = during.findLastIndex(({ kind }) => kind === "Hooked");
  const besideHooks = looksIn(during.slice(0, hooked + 1)).length;
  return { grounds: begin.grounds, looks: looksIn(rest), besideHooks, ended };
}

function looksIn(events: readonly Event[]): readonly Look[] {
  return events.flatMap((event) =>
    event.kind === "Judged" && event.atMs !== undefined
      ? [{ atMs: event.atMs, seen: event.seen ?? [] }]
      : [],
  );
}
