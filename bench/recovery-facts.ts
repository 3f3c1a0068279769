/** What clients met of a release that turned bad. Pure. */

import assert from "node:assert/strict";
import type { Color } from "../infra/model.ts";
import type { Sample } from "./client-facts.ts";

export interface Recovery {
  /** From the moment the release turned bad to its last reply. */
  readonly seconds: number;
  /** Requests that failed, whoever they came to. */
  readonly failed: number;
  /** Of these, sent after the bad color's last reply: the way back should cost none. */
  readonly failedLater: number;
}

/** @throws AssertionError where the release didn't answer after it turned bad */
export function recoveryOf(
  samples: readonly Sample[],
  { badAt, bad }: { readonly badAt: number; readonly bad: Color },
): Recovery {
  const since = samples.filter(({ endedAt }) => endedAt >= badAt);
  const lastAt = Math.max(
    ...since.filter(({ color }) => color === bad).map(({ endedAt }) => endedAt),
  );
  assert(Number.isFinite(lastAt), "the release answered while it was bad");
  const failures = since.filter(({ problem }) => problem !== null);
  return {
    seconds: (lastAt - badAt) / 1_000,
    failed: failures.length,
    failedLater: failures.filter(({ startedAt }) => startedAt > lastAt).length,
  };
}
