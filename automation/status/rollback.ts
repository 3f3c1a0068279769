/** Whether traffic could go back now, until when it is meant to, and how long it would take. Pure. */

import type { Settings } from "../../infra/config.ts";
import type { Color, Instant, RouterRecord } from "../../infra/model.ts";
import { otherColor } from "../../infra/model.ts";
import { unfitRelease } from "../../infra/rules/schema.ts";
import { sizeBefore } from "../../infra/rules/warm.ts";
import type { Observed } from "../../infra/observation.ts";
import { growthTime, wholeSeconds } from "./warm.ts";

export interface RollbackReport {
  /** True when at least one instance is ready to take the traffic back. */
  readonly possible: boolean;
  readonly to: Color | null;
  readonly version: string | null;
  /** End of the rollback window; null while none is open. */
  readonly until: Instant | null;
  /** Milliseconds that are left of the window; 0 when it is over. */
  readonly leftMs: number | null;
  /** What it would take, or why it isn't possible. */
  readonly sentence: string;
}

export function rollbackOf(view: Observed, settings: Settings): RollbackReport {
  const { record, reading, nowMs } = view;
  const to = returnTo(record);
  const until = record.rollbackUntil;
  const leftMs = until === null ? null : Math.max(0, Date.parse(until) - nowMs);
  const outputs = to && view.colors[to];
  const report = { to, version: outputs?.release.version ?? null, until, leftMs };
  if (to === null) return { ...report, possible: false, sentence: "there is nothing to return to" };
  if (!outputs) return { ...report, possible: false, sentence: `${to} is empty` };
  const unfit = unfitRelease(record, outputs);
  if (unfit) return { ...report, possible: false, sentence: unfit.message };
  const target = reading.targets[to];
  if (target.reachable && target.ready === 0) {
    return { ...report, possible: false, sentence: `${to} has no ready instance` };
  }
  return { ...report, possible: true, sentence: duration(view, to, settings) };
}

/** The color that had the traffic before; null when there is none to speak of. */
function returnTo({ activeColor, previousRelease, rollout, retiring }: RouterRecord): Color | null {
  if (activeColor === null) return null;
  if (rollout?.phase === "shift") return rollout.former;
  const former = otherColor(activeColor);
  return previousRelease === null || retiring === former ? null : former;
}

/** A flip on the local platform was measured at about a second, most of it the engine's. */
function duration(view: Observed, to: Color, settings: Settings): string {
  const { record, reading } = view;
  const outputs = view.colors[to];
  const full = sizeBefore(view, to);
  if (outputs && full !== null && full > outputs.size) {
    const { ms, measured } = growthTime(outputs, settings);
    const grows = `${to} is kept warm: it grows from ${outputs.size} to ${full} instances first`;
    const time = `${measured ? "about" : "at most"} ${wholeSeconds(ms)}`;
    return `${grows}, ${time}; \`--now\` doesn't wait for it`;
  }
  const { settlesInMs } = reading;
  const settles = settlesInMs === 0 ? "" : `, then up to ${Math.ceil(settlesInMs / 1_000)} s`;
  const time =
    record.rollout?.phase === "shift"
      ? "about a second, past the engine while a run works on the shift"
      : "about a second";
  return `${to} is kept hot: one flip of the router, ${time}${settles}`;
}
