/** In which size a color is held, and how long it takes until it is full again. Pure. */

import { longestStartMs } from "../../infra/config/platform-facts.ts";
import type { Settings } from "../../infra/config.ts";
import { formatDuration } from "../../infra/duration.ts";
import type { Color, ColorOutputs } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { warmOf } from "../../infra/rules/warm.ts";

export interface WarmReport {
  readonly size: number;
  /** As many as the whole traffic needs. */
  readonly full: number;
  /** What a shrink that isn't done yet leaves; null where none is due. */
  readonly shrinksTo: number | null;
  readonly growsInMs: number;
  /** `measured`: when it was filled or grown last; `settings`: the longest that they allow. */
  readonly basis: "measured" | "settings";
  /** A clause without the color's name. */
  readonly sentence: string;
}

/** Null where the color is as large as it should be. */
export function warmReport(view: Observed, color: Color, settings: Settings): WarmReport | null {
  const warm = warmOf(view, color);
  const outputs = view.colors[color];
  if (!warm || !outputs) return null;
  const { ms: growsInMs, measured } = growthTime(outputs, settings);
  const basis = measured ? "measured" : "settings";
  const report = { ...warm, growsInMs, basis } as const;
  const { version } = outputs.release;
  if (color === view.record.activeColor) {
    return { ...report, sentence: `release ${version} serves with ${countOf(report)}` };
  }
  const sentence = `release ${version}, ${holdOf(report)}, ${growing(report, settings)}`;
  return { ...report, sentence };
}

/** As long as its instances took when it was filled or grown last, else the longest allowed. */
export function growthTime({ readyInMs }: ColorOutputs, settings: Settings) {
  const measured = readyInMs ?? null;
  return { ms: measured ?? longestStartMs(settings), measured: measured !== null };
}

export function wholeSeconds(ms: number): string {
  return formatDuration(Math.max(1_000, Math.ceil(ms / 1_000) * 1_000));
}

type Told = Omit<WarmReport, "sentence">;

function countOf({ size, full, shrinksTo }: Told): string {
  return `${shrinksTo ?? size} of ${full} instances`;
}

function holdOf(report: Told): string {
  const { size, shrinksTo } = report;
  if (shrinksTo === null) return `held warm with ${countOf(report)}`;
  return `to be held warm with ${shrinksTo} of ${size} instances, which it isn't yet`;
}

/** A way back waits for it in bounds, and a person is to know before that they are too short. */
function growing({ growsInMs, basis }: Told, { hold: { growWithinMs } }: Settings): string {
  const time = wholeSeconds(growsInMs);
  const full =
    basis === "measured"
      ? `full again in about ${time} (measured when it was filled)`
      : `full again within ${time} (an estimate: the settings allow that much for a start)`;
  if (basis === "settings" || growsInMs <= growWithinMs) return full;
  const bound = formatDuration(growWithinMs);
  return `${full}; a rollback waits ${bound} at most and goes back to what is ready then`;
}
