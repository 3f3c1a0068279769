/** What the router costs: requests per second and latency, through it and past it, in turn. */

import { setTimeout as sleep } from "node:timers/promises";
import type { ClientOrder } from "./client-facts.ts";
import type { Place } from "./place.ts";
import { makePlace, withLoad } from "./place.ts";
import { pairwiseRatios, spreadOf } from "./statistics.ts";
import type { Row } from "./table.ts";

export interface ThroughputResult {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly raw: Readonly<Record<Way, readonly Measured[]>>;
}

type Way = "direct" | "router";

interface Measured {
  readonly perSecond: number;
  readonly latenciesMs: readonly number[];
}

const closedMs = 3_000;
const pacedMs = 3_000;
const connections = 32;
const pacedRate = 300;

export async function benchThroughput({ runs }: { runs: number }): Promise<ThroughputResult> {
  const place = await makePlace();
  const raw: Record<Way, Measured[]> = { direct: [], router: [] };
  try {
    await measure(place.url);
    for (let run = 0; run < runs; run += 1) {
      // A B, then B A: what changes with time hits both alike.
      const ways: readonly Way[] = run % 2 === 0 ? ["direct", "router"] : ["router", "direct"];
      for (const way of ways) raw[way].push(await measure(urlOf(place, way)));
    }
  } finally {
    await place.end();
  }
  return summarize(raw);
}

function urlOf(place: Place, way: Way): string {
  return way === "direct" ? place.direct : place.url;
}

async function measure(url: string): Promise<Measured> {
  const base = { url, connections, webSockets: 0, mixed: false, fresh: false };
  const closed = await load({ ...base, ratePerSecond: pacedRate, mode: "closed", ms: closedMs });
  const paced = await load({ ...base, ratePerSecond: pacedRate, mode: "paced", ms: pacedMs });
  const [first, last] = [closed[0], closed.at(-1)];
  const spanMs = (last?.endedAt ?? 0) - (first?.startedAt ?? 0);
  return {
    perSecond: (closed.length / spanMs) * 1_000,
    latenciesMs: paced.map(({ startedAt, endedAt }) => endedAt - startedAt),
  };
}

async function load(order: ClientOrder) {
  const { samples } = await withLoad(order, () => sleep(order.ms + 100));
  const failed = samples.find(({ problem }) => problem !== null);
  if (failed) throw new Error(`a request of the throughput bench failed: ${failed.problem ?? ""}`);
  return samples;
}

function summarize(raw: ThroughputResult["raw"]): ThroughputResult {
  const { direct, router } = raw;
  const medians = (way: Way) => raw[way].map(({ latenciesMs }) => spreadOf(latenciesMs).median);
  const tails = (way: Way) => raw[way].map(({ latenciesMs }) => spreadOf(latenciesMs).p99);
  const speeds = (way: Way) => raw[way].map(({ perSecond }) => perSecond);
  const added = (of: (way: Way) => readonly number[]) =>
    spreadOf(of("router").map((value, index) => value - (of("direct")[index] ?? 0)));
  return {
    rows: [
      { what: "direct", unit: "requests/s", spread: spreadOf(speeds("direct")) },
      { what: "through the router", unit: "requests/s", spread: spreadOf(speeds("router")) },
      {
        what: "router over direct, in pairs",
        unit: "",
        spread: spreadOf(pairwiseRatios(speeds("router"), speeds("direct"))),
      },
      { what: `added latency, median at ${pacedRate}/s`, unit: "ms", spread: added(medians) },
      { what: `added latency, p99 at ${pacedRate}/s`, unit: "ms", spread: added(tails) },
    ],
    notes: [
      `${direct.length} + ${router.length} runs in turn, GET on ${connections} kept connections; ` +
        "client, router and instance share the cores",
    ],
    raw,
  };
}
