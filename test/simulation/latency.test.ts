/** Simulated rollouts: how often latency rolls back a good release, and how fast a slow one. */
import { expect, test } from "vitest";
import { judgeBake, measuresOf } from "../../automation/rollout/metrics-judgement.ts";
import type { Grounds, Seen } from "../../automation/rollout/metrics.ts";
import { bucketOf, latencyBoundsMs } from "../../infra/platforms/local/router/traffic.ts";
import { median, tolerated, uniformNumbers } from "../support/chance.ts";

const seed = Number(process.env["SEED"] ?? 20_240_612);
console.log(`latency simulation: SEED=${seed}`);

const alpha = 0.01;
const latency = { enabled: true, quantile: 0.95, detect: 0.5, ignoreBelowMs: 0, afterMs: 0 };
const bake = { alpha, detect: 0.1, errorBudget: 0.001, durationMs: 600_000, latency };

function random(stream: number): () => number {
  return uniformNumbers({ seed, stream });
}

interface Service {
  readonly medianMs: number;
  /** Standard deviation of the logarithm; 0.2 is steady, 1 is wild. */
  readonly spread: number;
}

/** One lognormal latency (Box and Muller). */
function replyMs({ medianMs, spread }: Service, uniform: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return medianMs * Math.exp(spread * normal);
}

class Router {
  readonly counts = new Array<number>(latencyBoundsMs.length + 1).fill(0);

  reply(ms: number): void {
    const bucket = bucketOf(ms);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
  }
}

/** The former color's replies before the switch, in ten readings. */
function groundsOf(service: Service, replies: number, uniform: () => number): Grounds {
  const router = new Router();
  const former: Seen[] = [{ atMs: -10_000, latency: [...router.counts] }];
  for (let reading = 1; reading <= 10; reading++) {
    for (let reply = 0; reply < replies / 10; reply++) router.reply(replyMs(service, uniform));
    former.push({ atMs: (reading - 10) * 1_000, latency: [...router.counts] });
  }
  return { color: "green", bake, metrics: [], boundsMs: latencyBoundsMs, former };
}

/** Replies until latency fails the release, with a look at every tenth; null if it never does. */
function repliesUntilFail(known: Grounds, service: Service, uniform: () => number): number | null {
  const measures = measuresOf(known);
  const router = new Router();
  const seen: Seen[] = [{ atMs: 0, traffic: [0, 0], latency: [...router.counts] }];
  for (let replies = 1; replies <= 600; replies++) {
    router.reply(replyMs(service, uniform));
    if (replies % 10 !== 0) continue;
    const atMs = replies * 50;
    seen.push({ atMs, traffic: [replies, 0], latency: [...router.counts] });
    if (judgeBake(known, seen, { atMs, measures }).driver === "latency") {
      const { verdict } = judgeBake(known, seen, { atMs, measures });
      if (verdict === "fail") return replies;
    }
  }
  return null;
}

const services = [
  { medianMs: 8, spread: 0.2 },
  { medianMs: 40, spread: 0.5 },
  { medianMs: 300, spread: 1 },
];

test.each(services.flatMap((each) => [60, 1_000].map((history) => ({ ...each, history }))))(
  "a release as fast as the former color is rolled back in at most 1 % of bakes: $medianMs ms, $spread, $history replies known",
  ({ history, ...service }) => {
    const runs = 400;
    const uniform = random(service.medianMs + history);
    const results = Array.from({ length: runs }, () =>
      repliesUntilFail(groundsOf(service, history, uniform), service, uniform),
    );
    const alarms = results.filter((result) => result !== null).length;
    expect(alarms).toBeLessThanOrEqual(tolerated(runs, alpha));
  },
);

test.each(services.slice(0, 2))(
  "a release twice as slow is found within 100 replies: $medianMs ms, $spread",
  (service) => {
    const uniform = random(7 + service.medianMs);
    const slow = { ...service, medianMs: 2 * service.medianMs };
    const results = Array.from({ length: 101 }, () =>
      repliesUntilFail(groundsOf(service, 1_000, uniform), slow, uniform),
    );
    console.log(`latency x2, ${service.medianMs} ms: median ${median(results)} replies`);
    expect(median(results)).toBeLessThanOrEqual(100);
  },
);

test("a total standstill of the new color is found within 10 replies", () => {
  const service = { medianMs: 40, spread: 0.5 };
  const uniform = random(3);
  const known = groundsOf(service, 1_000, uniform);
  expect(repliesUntilFail(known, { medianMs: 4_000, spread: 0.1 }, uniform)).toBe(10);
});
