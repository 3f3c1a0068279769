/** Two usual ways to judge a release, on the same readings: a fixed rule, and one like Argo's. */

import type { Sample } from "../../automation/rollout/evidence.ts";

/** Milliseconds since the switch at which it rolls back; null: never. */
export type Peer = (samples: readonly Sample[]) => number | null;

const windowMs = 60_000;
const worst = 0.05;
const fewest = 50;

/** At each look: of the requests of the last minute, at least 50 of them, 5 % or more failed. */
export function fixedRule(samples: readonly Sample[]): number | null {
  for (const [index, { atMs }] of samples.entries()) {
    const { requests, errors } = within(samples, index);
    if (requests >= fewest && errors >= worst * requests) return atMs;
  }
  return null;
}

const measuredEveryMs = 10_000;
const failureLimit = 3;

/**
 * As an AnalysisRun of Argo Rollouts with `interval: 10s`, `failureLimit: 3`, `successCondition:
 * result[0] >= 0.95` on the share of good requests of the last minute: the fourth measurement that
 * fails ends it. A minute without requests is no failure.
 */
export function argoLike(samples: readonly Sample[]): number | null {
  let failures = 0;
  let dueMs = measuredEveryMs;
  for (const [index, { atMs }] of samples.entries()) {
    if (atMs < dueMs) continue;
    dueMs = atMs + measuredEveryMs;
    const { requests, errors } = within(samples, index);
    if (errors > worst * requests) failures += 1;
    if (failures > failureLimit) return atMs;
  }
  return null;
}

/** What came in the last minute, as far as readings tell. */
function within(samples: readonly Sample[], last: number) {
  const now = samples[last];
  const since = (now?.atMs ?? 0) - windowMs;
  let first = last;
  while (first > 0 && (samples[first]?.atMs ?? 0) > since) first -= 1;
  const { requests = 0, errors = 0 } = samples[first] ?? {};
  return { requests: (now?.requests ?? 0) - requests, errors: (now?.errors ?? 0) - errors };
}
