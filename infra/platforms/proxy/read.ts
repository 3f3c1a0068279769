/** Asks the router and the instances themselves what requests meet, and flips past the engine. */

import { BlueGreenError } from "../../errors.ts";
import type { Color, RouterReading, TargetReading } from "../../model.ts";
import type { DirectRoutes, Scope } from "../../platform.ts";
import { readProcesses } from "../local/read.ts";
import { healthSeen } from "./health.ts";
import type { Host } from "./host.ts";
import { withHost } from "./hosts/index.ts";
import { routerPlaceOf } from "./place.ts";
import { ProxyRouter } from "./router.ts";

/** Never throws for a router that is down or out of reach. */
export function readProxy(scope: Scope): Promise<RouterReading> {
  const { spec, ssh } = routerPlaceOf(scope.settings);
  return withHost(ssh, async (host) => {
    const other = ssh === null ? null : host;
    const [facts, blue, green] = await Promise.all([
      new ProxyRouter(spec, host).read(),
      readTarget(scope, "blue", other),
      readTarget(scope, "green", other),
    ]);
    // What lies in its files isn't reached through a router that is silent.
    const attached = facts.weights === null ? { blue: [], green: [] } : facts.attached;
    return { ...facts, attached, targets: { blue, green } };
  });
}

/** `other`: the router's host, where it isn't this machine. */
async function readTarget(scope: Scope, color: Color, other: Host | null): Promise<TargetReading> {
  const { settings, colors } = scope;
  const outputs = colors[color];
  const isProcesses = settings.proxy.colors.kind === "process" && outputs?.given !== true;
  if (!outputs || isProcesses) return readProcesses(scope, color);
  const { addresses } = outputs;
  try {
    return await healthSeen(addresses, settings.health, other && ((work) => work(other)));
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    const total = addresses.length;
    return { ready: 0, total, problems: [error.message], crashLoop: false, reachable: false };
  }
}

/** @throws ROUTER_DOWN, HOST_UNREACHABLE, COLOR_EMPTY, DRIFT when somebody wrote a later generation */
export async function flipProxy({ settings }: Scope, routes: DirectRoutes): Promise<void> {
  const { spec, ssh } = routerPlaceOf(settings);
  await withHost(ssh, (host) => new ProxyRouter(spec, host).flip(routes));
}
