/** How long something would take: medians of what was measured here, else stated defaults. Pure. */

import type { Logged } from "../event.ts";
import { makeRouter } from "../rollout/action.ts";
import type { Expectation } from "./summary.ts";

export type StepKind =
  | "keep"
  | "claim"
  | "provision"
  | "attach"
  | "shrink"
  | "grow"
  | "check"
  | "shift"
  | "watch"
  | "switch"
  | "bake"
  | "hold"
  | "empty"
  | "other";

/** Milliseconds of former steps, by kind. */
export type Measured = Readonly<Partial<Record<StepKind, readonly number[]>>>;

/** Milliseconds where nothing was measured: an update takes about 0.8 s, an application 4 s. */
export const defaultMs: Readonly<Record<Exclude<StepKind, "bake" | "watch">, number>> = {
  keep: 1_500,
  claim: 800,
  provision: 5_000,
  attach: 800,
  shrink: 1_500,
  grow: 5_000,
  check: 500,
  shift: 1_000,
  switch: 1_000,
  hold: 800,
  empty: 3_000,
  other: 1_000,
};

const kinds: ReadonlySet<string> = new Set([...Object.keys(defaultMs), "bake", "watch"]);

/** The kind of a step as the event log words it: its first word. */
export function stepKind(action: string): StepKind {
  if (action === makeRouter) return "keep";
  const [word = ""] = action.split(" ");
  return kinds.has(word) ? (word as StepKind) : "other";
}

/** Durations in logs of former runs; what isn't an ended step is left out. */
export function measuredIn(logs: readonly Logged[]): Measured {
  const found: Partial<Record<StepKind, number[]>> = {};
  for (const { event } of logs) {
    if (event.kind !== "Ended" || !Number.isFinite(event.ms)) continue;
    (found[stepKind(event.action)] ??= []).push(event.ms);
  }
  return found;
}

export interface Forecast {
  readonly steps: readonly StepKind[];
  readonly measured: Measured;
  /** The bake lasts as long as the settings say. */
  readonly bakeMs: number;
  /** Mean of the steps in which traffic is shared; they last as long as the settings say. */
  readonly watchMs?: number;
}

/** Null where nothing would be done. */
export function expectationOf(forecast: Forecast): Expectation | null {
  const { steps } = forecast;
  if (steps.length === 0) return null;
  const timed = steps.map((kind) => ({ kind, ...timeOf(kind, forecast) }));
  const sum = (some: readonly { ms: number }[]): number =>
    some.reduce((all, { ms }) => all + ms, 0);
  const flip = steps.indexOf("switch");
  const switchedMs = flip === -1 ? null : sum(timed.slice(0, flip + 1));
  const totalMs = sum(timed);
  const guessed = timed.filter(({ basis }) => basis === "default").length;
  const judged = timed.filter(({ basis }) => basis !== "setting").length;
  const basis = guessed === 0 ? "measured" : guessed < judged ? "partly measured" : "defaults";
  return { switchedMs, totalMs, basis, sentence: sentenceOf({ switchedMs, totalMs, basis }) };
}

type Timed = { readonly ms: number; readonly basis: "measured" | "default" | "setting" };

function timeOf(kind: StepKind, { measured, bakeMs, watchMs = 0 }: Forecast): Timed {
  if (kind === "bake") return { ms: bakeMs, basis: "setting" };
  if (kind === "watch") return { ms: watchMs, basis: "setting" };
  const known = measured[kind] ?? [];
  if (known.length === 0) return { ms: defaultMs[kind], basis: "default" };
  return { ms: median(known), basis: "measured" };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : Math.round(((sorted[middle - 1] ?? high) + high) / 2);
}

const bases: Readonly<Record<Expectation["basis"], string>> = {
  measured: "medians of former runs on this machine",
  "partly measured": "medians of former runs on this machine, defaults for steps without any",
  defaults: "defaults, as nothing was measured on this machine yet",
};

function sentenceOf({ switchedMs, totalMs, basis }: Omit<Expectation, "sentence">): string {
  const total = `about ${rounded(totalMs)}`;
  const until =
    switchedMs === null ? total : `about ${rounded(switchedMs)} until traffic has moved`;
  const all = switchedMs === null || switchedMs === totalMs ? "" : `, ${total} in all`;
  return `${until}${all} (${bases[basis]})`;
}

/** Tenths of a second below ten, whole minutes above two. */
function rounded(ms: number): string {
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}
