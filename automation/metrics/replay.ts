/** Judges a recorded bake again, with other settings where some are given; pure. */

import { formatDuration } from "../../infra/duration.ts";
import { judgeBake, measuresOf } from "../rollout/metrics-judgement.ts";
import type { BakeJudgement } from "../rollout/metrics-judgement.ts";
import type { Grounds } from "../rollout/metrics.ts";
import type { Look, Recording } from "./recording.ts";

export interface Replayed {
  readonly verdict: BakeJudgement["verdict"];
  readonly sentence: string;
  /** Milliseconds since the switch when the verdict was there. */
  readonly atMs: number;
  readonly looks: number;
  readonly metrics: BakeJudgement["metrics"];
}

/** As the bake does it: the first fail ends it, and only its end can be a pass. */
export function replay(recording: Recording, grounds: Grounds): Replayed {
  const measures = measuresOf(grounds);
  const { looks } = recording;
  const { durationMs } = grounds.bake;
  const within = looksOfBake(recording, durationMs);
  let last: { readonly look: Look; readonly judgement: BakeJudgement } | null = null;
  for (const [index, look] of within.entries()) {
    const seen = within.slice(0, index + 1).flatMap((each) => each.seen);
    const judgement = judgeBake(grounds, seen, { atMs: look.atMs, measures });
    last = { look, judgement };
    if (judgement.verdict === "fail") break;
  }
  if (!last) return { ...nothing, sentence: "nothing was read" };
  const { judgement, look } = last;
  const { verdict, sentence, metrics } = judgement;
  const whole = looks.length > within.length || look.atMs >= durationMs;
  const replayed = { verdict, sentence, metrics, atMs: look.atMs, looks: within.indexOf(look) + 1 };
  if (verdict === "fail" || whole) return replayed;
  const missing = formatDuration(Math.ceil((durationMs - look.atMs) / 1_000) * 1_000);
  return {
    ...replayed,
    verdict: "inconclusive",
    sentence: `the log ends ${missing} before the bake does; until then: ${sentence}`,
  };
}

/**
 * All that the bake has judged, however long after its time that was; only a shorter one than was
 * recorded would have ended before, though not before the hooks beside it did.
 */
function looksOfBake(
  { looks, besideHooks, grounds }: Recording,
  durationMs: number,
): readonly Look[] {
  if (durationMs >= grounds.bake.durationMs) return looks;
  return looks.filter(({ atMs }, index) => atMs <= durationMs + lateMs || index <= besideHooks);
}

/** A last look comes a little after the bake's end. */
const lateMs = 1_000;
const nothing = { verdict: "inconclusive", atMs: 0, looks: 0, metrics: [] } as const;
