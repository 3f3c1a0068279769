/** bluegreen's way: both colors are attached, and a flip is the call that an update makes. */

import { weightsOf } from "../../infra/model.ts";
import type { Color } from "../../infra/model.ts";
import { thisMachine } from "../../infra/platforms/proxy/hosts/this-machine.ts";
import { ProxyRouter } from "../../infra/platforms/proxy/router.ts";
import type { DialectName } from "../../infra/platforms/proxy/spec.ts";
import { workersAccount } from "./programs.ts";
import type { Way, WayOrder } from "./way.ts";

export async function startFlipWay(dialect: DialectName, order: WayOrder): Promise<Way> {
  const { program, dir, port, addresses } = order;
  const router = new ProxyRouter(
    {
      ...{ dialect, mode: "managed", name: "bench", host: "127.0.0.1", port, dir, program },
      ...{
        user: workersAccount(dialect),
        upstream: "app",
        check: null,
        reload: ["true"],
        socket: null,
      },
      ...{ cookie: null, timeoutMs: 60_000, idleMs: 1_000, drainMs: 60_000 },
    },
    thisMachine,
  );
  const attached = { blue: [addresses.blue], green: [addresses.green] };
  let generation = 0;
  const flip = async (color: Color): Promise<void> => {
    generation += 1;
    const weights = weightsOf(color);
    await router.setRoutes({
      weights,
      attached,
      generation,
      rolloutId: "bench",
      mark: null,
      former: null,
    });
  };
  try {
    await router.start();
    await flip("blue");
  } catch (error) {
    await router.stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, flip, end: () => router.stop() };
}
