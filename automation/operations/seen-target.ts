/** What readings of the router tell of one color, for whoever watches it. */

import type { Baked, Color, RouterReading, TrafficCount } from "../../infra/model.ts";
import { hasAll } from "../../infra/model.ts";
import { trafficSeen } from "../metrics/former-history.ts";
import type { Grounds, Seen } from "../rollout/metrics.ts";

/** Bounds of the buckets of its latency; null where it isn't measured. */
export function boundsOf({ traffic }: RouterReading, color: Color): readonly number[] | null {
  return traffic.kind === "counted" ? (traffic.colors[color].latency?.boundsMs ?? null) : null;
}

/** Why the color can't serve at all, as a sentence; null while it can, or nobody can tell. */
export function brokenTarget(reading: RouterReading, color: Color): string | null {
  const target = reading.targets[color];
  const [problem = "no reason known"] = target.problems;
  if (target.crashLoop) return `${color} crashes again and again: ${problem}`;
  const dead = target.reachable && target.total > 0 && target.ready === 0;
  return dead ? `${color} has no ready instance: ${problem}` : null;
}

export const noTraffic: TrafficCount = { requests: 0, errors: 0 };

/** What the router counted of a color beyond what it had counted at the beginning. */
export class ServedSince {
  private readonly grounds: Pick<Grounds, "color" | "boundsMs">;
  private base: TrafficCount;
  private last: number;

  constructor(grounds: Pick<Grounds, "color" | "boundsMs">, baseline: TrafficCount) {
    this.grounds = grounds;
    this.base = baseline;
    this.last = baseline.requests;
  }

  /** A router that restarted has counted from zero on, also once it has counted as much again. */
  seen(reading: RouterReading): Omit<Seen, "atMs"> {
    const { color, boundsMs } = this.grounds;
    const { traffic, latency } = trafficSeen(reading, color);
    if (!traffic) return { traffic: null };
    const [requests, errors] = traffic;
    if (requests < this.last) this.base = noTraffic;
    this.last = requests;
    const { base } = this;
    const counted = [requests - base.requests, Math.max(0, errors - base.errors)] as const;
    const sameBounds = String(boundsOf(reading, color)) === String(boundsMs);
    return { traffic: counted, ...(latency && sameBounds && { latency }) };
  }
}

/** What is to be said of a color that hasn't all traffic any more; null while it has. */
export function trafficLeft(reading: RouterReading, color: Color): Baked | null {
  if (reading.weights === null || hasAll(reading.weights, color)) return null;
  return { verdict: "inconclusive", sentence: `traffic has left ${color}` };
}
