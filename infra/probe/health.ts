/** Health of a color's instances, as their own health path tells it. */

import type { Address, TargetReading } from "../model.ts";
import { probe } from "./exchange.ts";
import { isElsewhere, sentenceOf } from "./result.ts";
import { targetOf } from "./target.ts";
import { inTurns } from "./turns.ts";

/** How an instance's health is told; the settings' `health` fits. */
export interface HealthProbe {
  readonly path: string;
  readonly statuses: readonly number[];
  readonly timeoutMs: number;
}

interface InstanceReading {
  readonly state: "ready" | "unready" | "elsewhere";
  readonly problem: string | null;
}

const maxAtOnce = 16;

/**
 * Asks each address once. A refused connection is an unready instance. Where no address at all can
 * be reached from here (no name, no route), `reachable` is false: inconclusive, not unhealthy.
 * One that can't be reached while others can is taken for down. Takes at most
 * `timeoutMs` for every 16 addresses.
 */
export async function probeHealth(
  addresses: readonly Address[],
  health: HealthProbe,
): Promise<TargetReading> {
  const instances = await inTurns(addresses, maxAtOnce, (address) => readInstance(address, health));
  return {
    ready: instances.filter(({ state }) => state === "ready").length,
    total: addresses.length,
    problems: instances.flatMap(({ problem }) => (problem === null ? [] : [problem])),
    crashLoop: false,
    reachable: instances.length === 0 || instances.some(({ state }) => state !== "elsewhere"),
  };
}

async function readInstance(address: Address, health: HealthProbe): Promise<InstanceReading> {
  const { path, statuses, timeoutMs } = health;
  const result = await probe({ address, path, statuses, timeoutMs });
  if (result.kind === "answered" && result.allowed) return { state: "ready", problem: null };
  const loopback = targetOf({ address })?.loopback === true;
  return {
    state: isElsewhere(result, { loopback }) ? "elsewhere" : "unready",
    problem: sentenceOf({ where: address, path, statuses }, result),
  };
}
