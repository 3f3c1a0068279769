/** Synthetic counts of requests, errors and latencies, tick by tick. */

import { bucketOf, latencyBoundsMs } from "../../infra/platforms/local/router/traffic.ts";
import type { Chance } from "./random.ts";
import type { Bursts, Latency, Scenario } from "./scenario.ts";

/** Nothing changes within a tick. */
export const longTickMs = 500;

/** Short enough for each look. */
export function tickMsOf({ intervalMs }: Scenario): number {
  return Math.min(longTickMs, intervalMs);
}

/** One color's counters, as a router has them. */
export class Counters {
  requests = 0;
  errors = 0;
  readonly latency = new Array<number>(latencyBoundsMs.length + 1).fill(0);
  readonly #chance: Chance;
  readonly #buckets: readonly number[] | null;

  constructor(chance: Chance, latency: Latency | null, factor: number) {
    this.#chance = chance;
    this.#buckets = latency && cumulativeBuckets(latency, factor);
  }

  serve(requests: number, errorRate: number): void {
    this.requests += requests;
    this.errors += this.#chance.binomial(requests, errorRate);
    if (this.#buckets === null) return;
    for (let each = 0; each < requests; each += 1) {
      const bucket = place(this.#buckets, this.#chance.uniform());
      this.latency[bucket] = (this.latency[bucket] ?? 0) + 1;
    }
  }
}

/** How many requests come in a tick. */
export class Arrivals {
  readonly #perTick: number;
  readonly #chance: Chance | null;
  #due = 0;

  constructor(
    { perSecond, arrivals }: Pick<Scenario, "perSecond" | "arrivals">,
    chance: Chance,
    tickMs: number,
  ) {
    this.#perTick = (perSecond * tickMs) / 1_000;
    this.#chance = arrivals === "random" ? chance : null;
  }

  next(): number {
    if (this.#chance) return this.#chance.poisson(this.#perTick);
    this.#due += this.#perTick;
    const whole = Math.floor(this.#due);
    this.#due -= whole;
    return whole;
  }
}

/** The factor by which the error rate differs from its mean; the mean of it is 1. */
export class Weather {
  readonly #bursts: Bursts | null;
  readonly #chance: Chance;
  #inBurst = false;
  #leftMs = 0;

  constructor(bursts: Bursts | null, chance: Chance) {
    this.#bursts = bursts;
    this.#chance = chance;
    this.#inBurst = bursts !== null && chance.uniform() < bursts.share;
    if (bursts) this.#leftMs = this.#length(bursts);
  }

  next(tickMs: number): number {
    if (this.#bursts === null) return 1;
    const { times, share } = this.#bursts;
    if (this.#leftMs <= 0) {
      this.#inBurst = !this.#inBurst;
      this.#leftMs = this.#length(this.#bursts);
    }
    this.#leftMs -= tickMs;
    return this.#inBurst ? times : (1 - times * share) / (1 - share);
  }

  #length({ seconds, share }: Bursts): number {
    const meanMs = 1_000 * (this.#inBurst ? seconds : (seconds * (1 - share)) / share);
    return this.#chance.exponential(meanMs);
  }
}

const cells = 2_000;

/** Share of the latencies in each bucket and those below it. */
function cumulativeBuckets({ medianMs, spread }: Latency, factor: number): readonly number[] {
  const counts = new Array<number>(latencyBoundsMs.length + 1).fill(0);
  for (let each = 0; each < cells; each += 1) {
    const ms = medianMs * factor * Math.exp(spread * normalQuantile((each + 0.5) / cells));
    counts[bucketOf(ms)] = (counts[bucketOf(ms)] ?? 0) + 1;
  }
  let sum = 0;
  return counts.map((count) => (sum += count) / cells);
}

function place(cumulative: readonly number[], uniform: number): number {
  const found = cumulative.findIndex((share) => uniform < share);
  return found < 0 ? cumulative.length - 1 : found;
}

/** Bisection of the normal distribution, whose error function is summed as a series. */
function normalQuantile(p: number): number {
  let [low, high] = [-6, 6];
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function normalShare(z: number): number {
  let [term, sum] = [z, z];
  for (let k = 1; Math.abs(term) > 1e-12; k += 1) {
    term *= (-z * z * (2 * k - 1)) / (2 * k * (2 * k + 1));
    sum += term;
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}
