/** One simulated bake: the driver's readings and judgement, and its peers' on the same readings. */

import type { Sample } from "../../automation/rollout/evidence.ts";
import { judgeBake, measuresOf } from "../../automation/rollout/metrics-judgement.ts";
import type { Grounds, Seen } from "../../automation/rollout/metrics.ts";
import { latencyBoundsMs } from "../../infra/platforms/local/router/traffic.ts";
import { argoLike, fixedRule } from "./peers.ts";
import type { Peer } from "./peers.ts";
import type { Chance } from "./random.ts";
import type { End, RunEnd, Scenario } from "./scenario.ts";
import { Arrivals, Counters, longTickMs, tickMsOf, Weather } from "./stream.ts";

/** The settings' defaults, but for the duration. */
const rules = { alpha: 0.01, detect: 0.1, errorBudget: 0.001 };
const latencyRules = { quantile: 0.95, detect: 0.5, ignoreBelowMs: 20, afterMs: 5_000 };
/** The driver remembers no more, and reads the former color no oftener. */
const mostReadings = 600;
const historyEveryMs = 1_000;

export function runBake(scenario: Scenario, chance: Chance): RunEnd {
  const weather = new Weather(scenario.bursts, chance);
  const former = formerSeen(scenario, chance, weather);
  const { seen, brokeAt } = releaseSeen(scenario, chance, weather);
  const grounds: Grounds = {
    color: "green",
    bake: {
      ...rules,
      durationMs: scenario.seconds * 1_000,
      latency: { ...latencyRules, enabled: scenario.latency !== null },
    },
    metrics: [],
    boundsMs: scenario.latency && latencyBoundsMs,
    former,
  };
  const ours = judged(grounds, seen);
  const samples = seen.map(({ atMs, requests, errors }) => ({ atMs, requests, errors }));
  const end = (atMs: number | null): End | null => {
    if (atMs === null) return null;
    const requests = samples.find((sample) => sample.atMs === atMs)?.requests ?? 0;
    return { atMs, requests: requests - brokeAt };
  };
  const peer = (judge: Peer): End | null => end(judge(samples));
  return {
    bluegreen: end(ours.failedAtMs),
    fixed: peer(fixedRule),
    argo: peer(argoLike),
    verdict: ours.verdict,
  };
}

/** As the driver does it: the first fail counts, and only the last look can be a pass. */
function judged(grounds: Grounds, looks: readonly Seen[]) {
  const measures = measuresOf(grounds);
  const seen: Seen[] = [];
  let verdict: RunEnd["verdict"] = "inconclusive";
  for (const look of looks) {
    seen.push(look);
    verdict = judgeBake(grounds, seen, { atMs: look.atMs, measures }).verdict;
    if (verdict === "fail") return { verdict, failedAtMs: look.atMs };
  }
  return { verdict, failedAtMs: null };
}

function formerSeen(scenario: Scenario, chance: Chance, weather: Weather): readonly Seen[] {
  const { rate, latency, historySeconds, intervalMs } = scenario;
  if (historySeconds === 0) return [];
  const counters = new Counters(chance, latency, 1);
  const arrivals = new Arrivals(scenario, chance, longTickMs);
  const seen = [seenOf(counters, -historySeconds * 1_000)];
  const everyMs = Math.max(historyEveryMs, intervalMs);
  for (let atMs = longTickMs; atMs <= historySeconds * 1_000; atMs += longTickMs) {
    counters.serve(arrivals.next(), Math.min(1, rate * weather.next(longTickMs)));
    if (atMs % everyMs === 0) seen.push(seenOf(counters, atMs - historySeconds * 1_000));
  }
  return seen.slice(-mostReadings);
}

interface ReleaseSeen {
  readonly seen: readonly (Seen & Sample)[];
  /** Requests before the release broke. */
  readonly brokeAt: number;
}

function releaseSeen(scenario: Scenario, chance: Chance, weather: Weather): ReleaseSeen {
  const { rate, releaseRate, breaksAtSecond, latency, intervalMs, seconds } = scenario;
  const tickMs = tickMsOf(scenario);
  const counters = new Counters(chance, latency, latency?.factor ?? 1);
  const arrivals = new Arrivals(scenario, chance, tickMs);
  const seen = [{ ...seenOf(counters, 0), requests: 0, errors: 0 }];
  let brokeAt = 0;
  for (let atMs = tickMs; atMs <= seconds * 1_000; atMs += tickMs) {
    const broken = atMs > breaksAtSecond * 1_000;
    counters.serve(
      arrivals.next(),
      Math.min(1, (broken ? releaseRate : rate) * weather.next(tickMs)),
    );
    if (!broken) brokeAt = counters.requests;
    if (atMs % intervalMs !== 0) continue;
    const { requests, errors } = counters;
    seen.push({ ...seenOf(counters, atMs), requests, errors });
  }
  return { seen, brokeAt };
}

function seenOf({ requests, errors, latency }: Counters, atMs: number): Seen {
  return { atMs, traffic: [requests, errors], latency: [...latency] };
}
