/** Asks the running router and the instances themselves what requests meet. */

import type { Color, RouterReading, TargetReading } from "../../model.ts";
import { perColor } from "../../model.ts";
import type { DirectRoutes, Scope } from "../../platform.ts";
import { probeHealth } from "../../probe.ts";
import { BlueGreenError, messageOf } from "../../errors.ts";
import { placeOf } from "./place.ts";
import { askRouter, setRoutes } from "./router/client.ts";
import type { RouterStatus } from "./router/protocol.ts";
import { urlAt } from "./url.ts";
import { askColor } from "./supervisor/client.ts";

export async function readLocal(scope: Scope): Promise<RouterReading> {
  const [status, blue, green] = await Promise.all([
    askQuietly(scope),
    readProcesses(scope, "blue"),
    readProcesses(scope, "green"),
  ]);
  const targets = { blue, green };
  return "problem" in status ? silent(targets, status.problem) : reading(targets, status.router);
}

type Asked = { readonly router: RouterStatus } | { readonly problem: string };

async function askQuietly({ settings }: Scope): Promise<Asked> {
  try {
    const router = await askRouter(placeOf(settings).router);
    return router ? { router } : { problem: "the local router doesn't run" };
  } catch (error) {
    return { problem: `the local router can't be asked: ${messageOf(error)}` };
  }
}

function silent(targets: RouterReading["targets"], problem: string): RouterReading {
  return {
    weights: null,
    generation: null,
    rolloutId: null,
    mark: null,
    former: null,
    attached: perColor(() => []),
    targets,
    traffic: { kind: "unknown" },
    settlesInMs: 0,
    problems: [problem],
  };
}

function reading(targets: RouterReading["targets"], router: RouterStatus): RouterReading {
  const { weights, generation, rolloutId, mark, former, attached } = router.routes;
  return {
    weights,
    generation,
    rolloutId,
    mark,
    former,
    attached,
    targets,
    traffic: {
      kind: "counted",
      colors: perColor((color) => {
        const { requests, errors, open, lastRequestAt, latency } = router.colors[color].live;
        const { boundsMs, counts } = latency;
        return { requests, errors, open, lastRequestAt, latency: { boundsMs, counts } };
      }),
    },
    url: urlAt(router.listen),
    settlesInMs: 0,
    problems: router.problems,
  };
}

const nothing: TargetReading = {
  ready: 0,
  total: 0,
  problems: [],
  crashLoop: false,
  reachable: true,
};

/** The instances' own answers count; the supervisor knows why one is missing. */
export async function readProcesses(
  { settings, colors }: Scope,
  color: Color,
): Promise<TargetReading> {
  const outputs = colors[color];
  if (!outputs) return nothing;
  const [health, status] = await Promise.all([
    probeHealth(outputs.addresses, settings.health),
    outputs.given ? null : askColor(placeOf(settings).color[color]),
  ]);
  const known =
    status?.instances.flatMap(({ problem }) => (problem === null ? [] : [problem])) ??
    (outputs.given ? [] : ["its supervisor doesn't answer: nobody starts an instance again"]);
  return {
    ...health,
    total: outputs.size,
    problems: [...new Set([...known, ...health.problems])],
    crashLoop: status?.crashLoop ?? false,
  };
}

/** @throws ROUTER_DOWN, DRIFT when somebody wrote a later generation meanwhile */
export async function flipLocal({ settings }: Scope, routes: DirectRoutes): Promise<void> {
  const dir = placeOf(settings).router;
  const status = await askRouter(dir);
  if (!status) {
    throw new BlueGreenError("ROUTER_DOWN", "the local router doesn't run", {
      hint: "bring it back: `bluegreen up`",
    });
  }
  const { attached } = status.routes;
  const { replaces, ...wanted } = routes;
  const condition = replaces === undefined ? {} : { ifGeneration: replaces };
  await setRoutes(dir, { ...wanted, attached }, { ...condition, asked: status });
}
