/** Asks the router and the instances themselves what requests meet, and flips past the engine. */

import { BlueGreenError } from "../../errors.ts";
import type { Color, ColorOutputs, RouterReading, TargetReading } from "../../model.ts";
import type { DirectRoutes, Scope } from "../../platform.ts";
import { readProcesses } from "../local/read.ts";
import { healthSeen } from "./health.ts";
import type { Host } from "./host.ts";
import { withHost } from "./hosts/index.ts";
import { routerPlaceOf } from "./place.ts";
import { outOfRotation } from "./rotation.ts";
import { remediesOf } from "./remedy.ts";
import { ProxyRouter } from "./router.ts";
import { targetText } from "./safe-text.ts";
import type { RouterSpec } from "./spec.ts";

/** Never throws for a router that is down or out of reach. */
export function readProxy(scope: Scope): Promise<RouterReading> {
  const { spec, ssh } = routerPlaceOf(scope.settings);
  return withHost(ssh, async (host) => {
    const router = { spec, host, isElsewhere: ssh !== null };
    const [facts, blue, green] = await Promise.all([
      new ProxyRouter(spec, host).read(),
      readTarget(scope, "blue", router),
      readTarget(scope, "green", router),
    ]);
    // What lies in its files isn't reached through a router that is silent.
    const attached = facts.weights === null ? { blue: [], green: [] } : facts.attached;
    return { ...facts, advice: remediesOf(spec, facts), attached, targets: { blue, green } };
  });
}

interface RoutersHost {
  readonly spec: RouterSpec;
  readonly host: Host;
  readonly isElsewhere: boolean;
}

async function readTarget(scope: Scope, color: Color, at: RoutersHost): Promise<TargetReading> {
  const { settings, colors } = scope;
  const outputs = colors[color];
  const isProcesses = settings.proxy.colors.kind === "process" && outputs?.given !== true;
  if (!outputs || isProcesses) return readProcesses(scope, color);
  try {
    return await readServers(scope, outputs, at);
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    const total = outputs.addresses.length;
    return { ready: 0, total, problems: [error.message], crashLoop: false, reachable: false };
  }
}

/** A server that is out of rotation isn't ready, however healthy. */
async function readServers(
  { settings: { health } }: Scope,
  { color, addresses }: ColorOutputs,
  { spec, host, isElsewhere }: RoutersHost,
): Promise<TargetReading> {
  const out = await outOfRotation(host, spec, color).catch((error: unknown) => {
    if (!(error instanceof BlueGreenError)) throw error;
    return new Map<string, string>();
  });
  const asked = addresses.filter((address) => !out.has(targetText(address)));
  const seen = await healthSeen(asked, health, isElsewhere ? (work) => work(host) : null);
  const taken = addresses.flatMap((address) => {
    const mode = out.get(targetText(address));
    return mode === undefined ? [] : [`${address} gets no requests: HAProxy has it in ${mode}`];
  });
  return { ...seen, total: addresses.length, problems: [...seen.problems, ...taken] };
}

/** @throws ROUTER_DOWN, HOST_UNREACHABLE, COLOR_EMPTY, DRIFT when somebody wrote a later generation */
export async function flipProxy({ settings }: Scope, routes: DirectRoutes): Promise<void> {
  const { spec, ssh } = routerPlaceOf(settings);
  await withHost(ssh, (host) => new ProxyRouter(spec, host).flip(routes));
}
