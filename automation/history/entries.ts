/** The updates of a router's stack in our words. Pure. */

import * as z from "zod";
import { BlueGreenError } from "../../infra/errors.ts";
import type { DirectMark, Instant } from "../../infra/model.ts";
import { readSignature } from "./signature.ts";

/**
 * - traffic: moved, or tried to move, traffic
 * - record: changed the record or the router otherwise
 * - other: changed nothing, or was a preview or a refresh
 */
export type EntryKind = "traffic" | "record" | "other";

export interface HistoryEntry {
  readonly at: Instant;
  readonly kind: EntryKind;
  /** In words, for example `switch to green (2)`. */
  readonly what: string;
  readonly result: "succeeded" | "failed" | "in-progress";
  /** Milliseconds, exact to a second; null while it goes on. */
  readonly ms: number | null;
  /** For example `ann on build-3`; null where nobody wrote it down. */
  readonly who: string | null;
  readonly by: "bluegreen" | "hand";
  readonly rolloutId: string | null;
}

const updates = z.array(
  z.object({
    kind: z.string(),
    startTime: z.string(),
    endTime: z.string().optional(),
    message: z.string().default(""),
    environment: z.record(z.string(), z.string()).default({}),
    config: z.record(z.string(), z.object({ value: z.string().optional() })).default({}),
    result: z.string(),
    resourceChanges: z.record(z.string(), z.number()).nullish(),
  }),
);

export type EngineUpdate = z.output<typeof updates>[number];

/** @throws ENGINE_FAILED for what isn't the engine's list of updates */
export function parseUpdates(json: string): readonly EngineUpdate[] {
  try {
    return updates.parse(JSON.parse(json));
  } catch (cause) {
    throw new BlueGreenError("ENGINE_FAILED", "the engine's history can't be read", {
      hint: "look at it with `bluegreen pulumi -- stack history`",
      cause,
    });
  }
}

/**
 * A direct rollback of which only the router knows. Null where the update that took it over tells of
 * it, and where the mark was left by an update's own rollback.
 */
export function directEntry(
  mark: DirectMark | null,
  all: readonly EngineUpdate[],
): HistoryEntry | null {
  if (mark === null || mark.setBack) return null;
  const { at, by, reason } = mark;
  // The engine's times are exact to a second.
  const atMs = Math.floor(Date.parse(at) / 1_000) * 1_000;
  const known = all.some(({ message, startTime, endTime = startTime, result }) => {
    if (message.includes(` by ${by} at ${at}: `)) return true;
    const rolledBack = result === "succeeded" && /^roll back: /.test(message);
    return rolledBack && Date.parse(startTime) <= Date.parse(at) && Date.parse(endTime) >= atMs;
  });
  if (known) return null;
  const what = `roll back directly: ${reason}`;
  const entry = { at, kind: "traffic", what, result: "succeeded", ms: null, who: by } as const;
  return { ...entry, by: "bluegreen", rolloutId: null };
}

/** Newest first, as the engine lists them. */
export function entriesOf(all: readonly EngineUpdate[]): readonly HistoryEntry[] {
  const claims = new Map(
    all.flatMap(({ message }) => {
      const { id, color, version } = claimForm.exec(message)?.groups ?? {};
      return id === undefined ? [] : [[id, `${color ?? ""} (${version ?? ""})`] as const];
    }),
  );
  return all.map((update) => entryOf(update, claims));
}

const claimForm = /(?:^|; )claim (?<color>\w+) for (?<version>\S+) \((?<id>r-[\w-]+)\)/;
const moves = /^(switch|shift|roll back|stop serving|take over a direct rollback)\b/;

function entryOf(update: EngineUpdate, claims: ReadonlyMap<string, string>): HistoryEntry {
  const { startTime, endTime, message, environment } = update;
  const { text, who } = readSignature(message);
  const driven = environment["exec.kind"]?.startsWith("auto") === true;
  const rolloutId = /\((r-[\w-]+)\)$/.exec(text)?.[1] ?? null;
  const running = update.result === "in-progress";
  return {
    at: startTime,
    kind: kindOf(update, driven && moves.test(text)),
    what: driven ? named(text, rolloutId, claims) : handRun(update),
    result: running ? "in-progress" : update.result === "succeeded" ? "succeeded" : "failed",
    ms: running || endTime === undefined ? null : Date.parse(endTime) - Date.parse(startTime),
    who: who ?? environment["git.author"] ?? null,
    by: driven ? "bluegreen" : "hand",
    rolloutId,
  };
}

function kindOf({ kind, result, resourceChanges }: EngineUpdate, moved: boolean): EntryKind {
  if (kind !== "update" && kind !== "destroy") return "other";
  if (moved) return "traffic";
  const changed = Object.entries(resourceChanges ?? {}).some(
    ([operation, count]) => operation !== "same" && count > 0,
  );
  return changed || result !== "succeeded" ? "record" : "other";
}

/** A switch says in its own message only which rollout it belongs to; the claim says the rest. */
function named(text: string, id: string | null, claims: ReadonlyMap<string, string>): string {
  const claimed = id === null ? undefined : claims.get(id);
  return claimed !== undefined && text.startsWith("switch (") ? `switch to ${claimed}` : text;
}

function handRun({ kind, message, config }: EngineUpdate): string {
  const command = kind === "update" ? "up" : kind;
  const color = config["bluegreen:activeColor"]?.value ?? "none";
  const about = message === "" ? "" : `: ${message.split("\n")[0] ?? ""}`;
  return `pulumi ${command} by hand, the file says ${color}${about}`;
}
