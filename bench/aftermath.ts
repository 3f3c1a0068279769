/** What a flip meant for the requests of a load: who answered, how long they took. Pure. */

import { otherColor } from "../infra/model.ts";
import type { Color } from "../infra/model.ts";
import type { Sample } from "./client-facts.ts";

/** Times as the shared clock has them. */
export interface Flip {
  readonly to: Color;
  readonly calledAt: number;
  readonly returnedAt: number;
}

export interface Aftermath {
  /** When the former color's last reply came; null when none came after the flip was called. */
  readonly lastReplyAt: number | null;
  /** Longest request that was under way when the call returned, in milliseconds. */
  readonly longestMs: number;
  /** Requests that were sent after the call had returned, and answered by the former color. */
  readonly late: number;
  /** Whether the new color answered a request that was sent after the call had returned. */
  readonly isFollowed: boolean;
}

/** Only what ended before the next flip counts: whatever took longer may have met that one. */
export function followed(flip: Flip, nextFlipAt: number, samples: readonly Sample[]): Aftermath {
  const { to, calledAt, returnedAt } = flip;
  const known = samples.filter(({ endedAt }) => endedAt > calledAt && endedAt < nextFlipAt);
  const former = known.filter(({ color }) => color === otherColor(to));
  const inFlight = known.filter(
    ({ startedAt, endedAt }) => startedAt <= returnedAt && endedAt > returnedAt,
  );
  return {
    lastReplyAt: former.length === 0 ? null : Math.max(...former.map(({ endedAt }) => endedAt)),
    longestMs: Math.max(0, ...inFlight.map(({ startedAt, endedAt }) => endedAt - startedAt)),
    late: former.filter(({ startedAt }) => startedAt > returnedAt).length,
    isFollowed: known.some(({ startedAt, color }) => startedAt > returnedAt && color === to),
  };
}

/** Whether a request was sent while a flip was called, or within so many milliseconds of that. */
export function isNear(flips: readonly Flip[], { startedAt }: Sample, aroundMs: number): boolean {
  return flips.some(
    ({ calledAt, returnedAt }) =>
      startedAt > calledAt - aroundMs && startedAt < returnedAt + aroundMs,
  );
}

/** Milliseconds, of requests that weren't slow on purpose. */
export function latencies(flips: readonly Flip[], samples: readonly Sample[], aroundMs: number) {
  const around: number[] = [];
  const steady: number[] = [];
  for (const sample of samples) {
    if (sample.slow) continue;
    const latency = sample.endedAt - sample.startedAt;
    (isNear(flips, sample, aroundMs) ? around : steady).push(latency);
  }
  return { around, steady };
}

/** Each kind of problem with its number, a line each. */
export function problemsOf(samples: readonly Sample[]): readonly string[] {
  const problems = samples.flatMap(({ problem }) => (problem === null ? [] : [problem]));
  return [...new Set(problems)].map((problem) => {
    return `  ${problems.filter((each) => each === problem).length} times: ${problem}`;
  });
}
