/** Asks one instance for one path again and again, until its latency is steady. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "../../infra/model.ts";
import { probe, sentenceOf } from "../../infra/probe.ts";
import { isSteady, latestMedian } from "./steadiness.ts";

export interface PathAsked {
  readonly address: Address;
  readonly path: string;
  /** Requests at once. */
  readonly concurrency: number;
  /** For one request. */
  readonly timeoutMs: number;
  /** For all of them. */
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

export interface PathWarmed {
  readonly path: string;
  /** Milliseconds of the first good answer; null: there was none. */
  readonly firstMs: number | null;
  /** Median of the last answers; null: too few came. */
  readonly lastMs: number | null;
  readonly steady: boolean;
  /** Why the last bad answer was none; null: all were good. */
  readonly problem: string | null;
}

/** More answers than this aren't waited for, however the latency jumps. */
const maxAnswers = 1_000;
/** After so many bad answers in a row nothing else is expected of the path. */
const maxBadInRow = 20;
const pauseAfterBadMs = 200;
/** Also what leads elsewhere was worked for. */
const good = Array.from({ length: 200 }, (_, index) => 200 + index);

/** Never rejects. */
export async function warmPath(asked: PathAsked): Promise<PathWarmed> {
  const { address, path, concurrency, timeoutMs, withinMs, signal } = asked;
  const deadlineMs = performance.now() + withinMs;
  const times: number[] = [];
  let badInRow = 0;
  let problem: string | null = null;
  const leftMs = (): number => deadlineMs - performance.now();
  const isOver = (): boolean =>
    signal.aborted ||
    leftMs() <= 0 ||
    times.length >= maxAnswers ||
    badInRow >= maxBadInRow ||
    isSteady(times);
  const lane = async (): Promise<void> => {
    while (!isOver()) {
      const startMs = performance.now();
      const limitMs = Math.max(1, Math.min(timeoutMs, leftMs()));
      const result = await probe({ address, path, timeoutMs: limitMs, statuses: good, signal });
      if (result.kind === "answered" && result.allowed) {
        times.push(performance.now() - startMs);
        badInRow = 0;
      } else if (!signal.aborted && (result.kind !== "timeout" || limitMs === timeoutMs)) {
        badInRow += 1;
        problem = sentenceOf({ where: address, path, statuses: ["2xx", "3xx"] }, result);
        await sleep(Math.max(0, Math.min(pauseAfterBadMs, leftMs())));
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const [firstMs = null] = times;
  return { path, firstMs, lastMs: latestMedian(times), steady: isSteady(times), problem };
}
