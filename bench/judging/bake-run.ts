/** One simulated bake: the driver's readings and judgement, and its peers' on the same readings. */

import assert from "node:assert/strict";
import type { Sample } from "../../automation/rollout/evidence.ts";
import { judgeBake, measuresOf } from "../../automation/rollout/metrics-judgement.ts";
import type { Measures } from "../../automation/rollout/metrics-judgement.ts";
import type { Grounds, Seen } from "../../automation/rollout/metrics.ts";
import { sendsOn } from "../../automation/rollout/synthetic.ts";
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

/** @param ours chance of what becomes of our own requests, apart from that of users' */
export function runBake(scenario: Scenario, chance: Chance, ours: Chance): RunEnd {
  const weather = new Weather(scenario.bursts, chance);
  const grounds: Grounds = {
    color: "green",
    bake: {
      ...rules,
      durationMs: scenario.seconds * 1_000,
      latency: { ...latencyRules, enabled: scenario.latency !== null },
    },
    metrics: [],
    boundsMs: scenario.latency && latencyBoundsMs,
    former: formerSeen(scenario, chance, weather),
  };
  const judge = new Driver(grounds, scenario.intervalMs);
  const { samples, brokeAt } = released(scenario, { chance, ours, weather }, judge);
  const end = (atMs: number | null): End | null => {
    if (atMs === null) return null;
    const requests = samples.find((sample) => sample.atMs === atMs)?.requests ?? 0;
    return { atMs, requests: requests - brokeAt };
  };
  const peer = (judged: Peer): End | null => end(judged(samples));
  return {
    bluegreen: end(judge.failedAtMs),
    fixed: peer(fixedRule),
    argo: peer(argoLike),
    verdict: judge.verdict,
  };
}

/** As the driver does it: the first fail counts, and only the last look can be a pass. */
class Driver {
  verdict: RunEnd["verdict"] = "inconclusive";
  failedAtMs: number | null = null;
  /** Whether requests of our own are sent, where there are any. */
  sends = true;
  readonly #grounds: Grounds;
  readonly #measures: Measures;
  readonly #intervalMs: number;
  readonly #seen: Seen[] = [];

  constructor(grounds: Grounds, intervalMs: number) {
    this.#grounds = grounds;
    this.#measures = measuresOf(grounds);
    this.#intervalMs = intervalMs;
  }

  look(seen: Seen): void {
    if (this.failedAtMs !== null) return;
    const { atMs } = seen;
    this.#seen.push(seen);
    const judged = judgeBake(this.#grounds, this.#seen, { atMs, measures: this.#measures });
    this.verdict = judged.verdict;
    if (judged.verdict === "fail") this.failedAtMs = atMs;
    const { needed, requests, users, own } = judged;
    if (atMs < this.#intervalMs / 2) return;
    const { durationMs } = this.#grounds.bake;
    const pace = { users: users?.requests ?? requests, needed, elapsedMs: atMs, durationMs };
    this.sends = sendsOn({ ...pace, sends: this.sends }) || own?.isHigh === true;
  }
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

interface Released {
  /** As the router counts them, our own among them. */
  readonly samples: readonly Sample[];
  /** Requests before the release broke. */
  readonly brokeAt: number;
}

interface Luck {
  readonly chance: Chance;
  readonly ours: Chance;
  readonly weather: Weather;
}

function released(scenario: Scenario, { chance, ours, weather }: Luck, judge: Driver): Released {
  const { rate, releaseRate, breaksAtSecond, latency, intervalMs, seconds, ownPerSecond } =
    scenario;
  const tickMs = tickMsOf(scenario);
  const [users, own] = [chance, ours].map((of) => new Counters(of, latency, latency?.factor ?? 1));
  assert(users && own);
  const arrivals = new Arrivals(scenario, chance, tickMs);
  const sending = new Arrivals({ perSecond: ownPerSecond, arrivals: "steady" }, ours, tickMs);
  const samples: Sample[] = [];
  const look = (atMs: number): void => {
    const seen = seenOf(users, atMs, ownPerSecond > 0 ? own : null);
    samples.push({ atMs, requests: seen.traffic[0], errors: seen.traffic[1] });
    judge.look(seen);
  };
  look(0);
  let brokeAt = 0;
  for (let atMs = tickMs; atMs <= seconds * 1_000; atMs += tickMs) {
    const broken = atMs > breaksAtSecond * 1_000;
    const share = Math.min(1, (broken ? releaseRate : rate) * weather.next(tickMs));
    users.serve(arrivals.next(), share);
    own.serve(judge.sends ? sending.next() : 0, share);
    if (!broken) brokeAt = users.requests + own.requests;
    if (atMs % intervalMs === 0) look(atMs);
  }
  return { samples, brokeAt };
}

function seenOf(users: Counters, atMs: number, own: Counters | null = null) {
  const { requests, errors, latency } = users;
  if (own === null) {
    return { atMs, traffic: [requests, errors], latency: [...latency] } as const satisfies Seen;
  }
  return {
    atMs,
    traffic: [requests + own.requests, errors + own.errors],
    users: [requests, errors],
    own: [own.requests, own.errors],
    latency: latency.map((count, bucket) => count + (own.latency[bucket] ?? 0)),
  } as const satisfies Seen;
}
