/** The three routers whose counters judge a release, under one face. */

import type { RequestListener } from "node:http";
import { perColor, weightsOf } from "../../../infra/model.ts";
import type { ColorTraffic, RouterReading, Weights } from "../../../infra/model.ts";
import { accessOf } from "../../../infra/platforms/proxy/access.ts";
import { thisMachine } from "../../../infra/platforms/proxy/hosts/this-machine.ts";
import { readRouter } from "../../../infra/platforms/proxy/reading.ts";
import type { DialectName } from "../../../infra/platforms/proxy/spec.ts";
import { healthy } from "../../unit/operations/baking.ts";
import * as proxies from "../proxy-platform/support.ts";
import { describeWith } from "../proxy-platform/support.ts";
import * as embedded from "../router/support.ts";
import { until } from "../router/support.ts";

export type RouterName = "embedded" | DialectName;

export const routerNames: readonly RouterName[] = ["embedded", "nginx", "haproxy"];

/** The tests for each router whose server is there. */
export function describeRouters(
  name: string,
  tests: (router: RouterName) => void,
  names: readonly RouterName[] = routerNames,
): void {
  for (const each of names) {
    describeWith(each === "embedded" ? [] : [each], `${each}: ${name}`, () => {
      tests(each);
    });
  }
}

export interface Counting {
  readonly port: number;
  readonly read: () => Promise<RouterReading>;
  /** What it counts of green. */
  readonly green: () => Promise<ColorTraffic>;
  /** Waits until it counts so for green. */
  readonly counts: (wanted: Partial<ColorTraffic>) => Promise<void>;
}

/** A router in front of a sound blue and of this green, which has all traffic unless told. */
export async function routerTo(
  name: RouterName,
  green: RequestListener | string,
  weights: Weights = weightsOf("green"),
): Promise<Counting> {
  const blueAddress = (await embedded.startInstance("blue")).address;
  const greenAddress =
    typeof green === "string" ? green : (await embedded.startInstance("green", green)).address;
  const attached = { blue: [blueAddress], green: [greenAddress] };
  const start = name === "embedded" ? startEmbedded : startProxy;
  const { port, read } = await start(name as DialectName, attached, weights);
  const traffic = async (): Promise<ColorTraffic> => {
    const { traffic: now } = await read();
    if (now.kind !== "counted") throw new Error("traffic can't be counted");
    return now.colors.green;
  };
  return {
    port,
    read,
    green: traffic,
    counts: async (wanted) => {
      let now: ColorTraffic | null = null;
      await until(JSON.stringify(wanted), async () => {
        now = await traffic();
        return Object.entries(wanted).every(([key, value]) => now?.[key as "open"] === value);
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}, but ${JSON.stringify(now)}`);
      });
    },
  };
}

type Attached = RouterReading["attached"];
type Face = Pick<Counting, "port" | "read">;

async function startEmbedded(_: unknown, attached: Attached, weights: Weights): Promise<Face> {
  const { router, port } = await embedded.startHere();
  await router.setRoutes({ routes: embedded.routesTo("green", attached, { weights }) });
  const read = (): Promise<RouterReading> => {
    const { routes, colors } = router.status();
    return Promise.resolve({
      ...routes,
      targets: { blue: healthy, green: healthy },
      traffic: { kind: "counted", colors: perColor((color) => colors[color].live) },
      settlesInMs: 0,
      problems: [],
    });
  };
  return { port, read };
}

async function startProxy(
  dialect: DialectName,
  attached: Attached,
  weights: Weights,
): Promise<Face> {
  // With the addresses from the start, so that no reload begins the counters anew in a test.
  const change = { timeoutMs: 60_000, reserved: attached };
  const { router, spec, port } = await proxies.startedRouter(dialect, change);
  await router.setRoutes(proxies.routesTo(weights, attached));
  const access = accessOf(spec, thisMachine);
  const read = async (): Promise<RouterReading> => ({
    ...(await readRouter(access)),
    targets: { blue: healthy, green: healthy },
  });
  return { port, read };
}
