/** Health of instances that this machine may not reach: asked from where the requests come from. */

import type { Address, TargetReading } from "../../model.ts";
import { probeHealth } from "../../probe.ts";
import type { Host } from "./host.ts";
import { NoAnswer } from "./host.ts";
import { withHost } from "./hosts/index.ts";
import { targetText } from "./safe-text.ts";
import type { ServerInputs } from "./resources/types.ts";

interface HealthProbe {
  readonly path: string;
  readonly statuses: readonly number[];
  readonly timeoutMs: number;
}

/** From here, and where no instance can be reached so, from the other host. */
export async function healthSeen(
  addresses: readonly Address[],
  health: HealthProbe,
  askOther: (<T>(work: (host: Host) => Promise<T>) => Promise<T>) | null,
): Promise<TargetReading> {
  const seen = await probeHealth(addresses, health);
  if (seen.reachable || askOther === null) return seen;
  return await askOther((host) => healthFrom(host, addresses, health));
}

/** A server is asked from here, or by itself. */
export function serverHealth({ address, health, ssh }: ServerInputs): Promise<TargetReading> {
  return healthSeen([address], health, ssh && ((work) => withHost(ssh, work)));
}

async function healthFrom(
  host: Host,
  addresses: readonly Address[],
  health: HealthProbe,
): Promise<TargetReading> {
  const found = await Promise.all(addresses.map((address) => problemFrom(host, address, health)));
  const problems = found.flatMap((problem) => (problem === null ? [] : [problem]));
  const ready = addresses.length - problems.length;
  return { ready, total: addresses.length, problems, crashLoop: false, reachable: true };
}

async function problemFrom(
  host: Host,
  address: Address,
  { path, statuses, timeoutMs }: HealthProbe,
): Promise<string | null> {
  const where = `${address} GET ${path}, asked from ${host.name}`;
  const text = `GET ${path} HTTP/1.1\r\nHost: ${targetText(address)}\r\nConnection: close\r\n\r\n`;
  try {
    const reply = await host.ask(targetText(address), text, timeoutMs);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(reply)?.[1] ?? 0);
    if (statuses.includes(status)) return null;
    return `${where}: ${status === 0 ? "no answer in HTTP" : `answered ${status}`}`;
  } catch (error) {
    if (error instanceof NoAnswer) return `${where}: no answer`;
    throw error;
  }
}
