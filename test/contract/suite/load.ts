/** A small load on the public address while something is done. */

import type { Reply } from "./bed.ts";
import type { Stage } from "./stage.ts";

/** One request of the load; times are those of `performance.now()`. */
export interface Asked {
  readonly startedAt: number;
  /** Null without a whole reply. */
  readonly reply: Reply | null;
  readonly problem: string | null;
}

export interface LoadResult<T> {
  readonly result: T;
  readonly asked: readonly Asked[];
  /** One line for each request that wasn't answered with 200. */
  readonly failures: readonly string[];
}

const workers = 4;
/** So many requests at least before the work begins and after it has ended. */
const around = 40;
const limitMs = 30_000;

/** Half of the clients keep their connections, or none does; none retries. */
export async function underLoad<T>(
  stage: Stage,
  work: () => Promise<T>,
  connections: "both" | "fresh" = "both",
): Promise<LoadResult<T>> {
  const asked: Asked[] = [];
  const state = { ended: false };
  const deadline = performance.now() + limitMs;
  const clients = Array.from({ length: workers }, async (_, worker) => {
    while (!state.ended && performance.now() < deadline) {
      asked.push(await askOnce(stage, connections === "both" && worker % 2 === 0));
    }
  });
  try {
    await reached(asked, around, deadline);
    const result = await work();
    await reached(asked, asked.length + around, deadline);
    return { result, asked, failures: asked.flatMap(failureOf) };
  } finally {
    state.ended = true;
    await Promise.all(clients);
  }
}

async function askOnce(stage: Stage, reused: boolean): Promise<Asked> {
  const startedAt = performance.now();
  try {
    return { startedAt, reply: await stage.bed.ask({ reused }), problem: null };
  } catch (error) {
    return { startedAt, reply: null, problem: String(error) };
  }
}

async function reached(asked: readonly Asked[], count: number, deadline: number): Promise<void> {
  while (asked.length < count) {
    if (performance.now() > deadline) throw new Error(`only ${asked.length} of ${count} requests`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function failureOf({ reply, problem }: Asked): string[] {
  if (reply === null) return [problem ?? "no reply"];
  return reply.status === 200 ? [] : [`status ${reply.status}: ${reply.body}`];
}
