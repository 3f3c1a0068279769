/** The router's resources as the provider executable makes, changes and reads them. */

import { BlueGreenError } from "../../../errors.ts";
import type { Properties, ResourceHandler } from "../../../provider/handler.ts";
import { HalfMade } from "../../../provider/handler.ts";
import { noRoutes, routesFound, routesIn } from "../../../provider/routes.ts";
import { withHost } from "../hosts/index.ts";
import type { RouterPlace } from "../place.ts";
import { ProxyRouter } from "../router.ts";
import type { RouteInputs, RouterInputs } from "./types.ts";
import { routeType, routerType } from "./types.ts";
import { wholePlace } from "./whole.ts";

function withRouter<T>(
  { spec, ssh }: RouterPlace,
  work: (router: ProxyRouter) => Promise<T>,
): Promise<T> {
  return withHost(ssh, (host) => work(new ProxyRouter(spec, host)));
}

function placeIn(properties: Properties): RouterPlace {
  return wholePlace(properties as unknown as RouterInputs);
}

const server: ResourceHandler = {
  async create(inputs) {
    const place = placeIn(inputs);
    const id = idOf(place);
    await withRouter(place, (router) => startOrKeep(router, id));
    return { id, outputs: {} };
  },
  async update(inputs, former) {
    const [place, left] = [placeIn(inputs), placeIn(former)];
    if (idOf(place) !== idOf(left)) await leave(left, place);
    await withRouter(place, (router) => startOrKeep(router, idOf(place)));
    return {};
  },
  async delete(state) {
    await withRouter(placeIn(state), (router) => router.stop());
  },
  async read(state) {
    const place = placeIn(state);
    const presence = await withRouter(place, (router) => router.presence());
    // Somebody else's server may have reasons of its own to be away.
    const isThere = presence === "serving" || place.spec.mode === "adopted";
    return presence !== "absent" && isThere ? {} : null;
  },
};

/** What was begun is in the state though it failed, so that it can be mended, and can go. */
async function startOrKeep(router: ProxyRouter, id: string): Promise<void> {
  try {
    await router.start();
  } catch (error) {
    if (!(error instanceof BlueGreenError)) throw error;
    const begun = error.code !== "HOST_UNREACHABLE" && (await router.presence()) !== "absent";
    throw begun ? new HalfMade(id, error) : error;
  }
}

/** Where its files are, and what reads them: anything else is changed in place. */
function idOf({ spec, ssh }: RouterPlace): string {
  const { dialect, mode, dir } = spec;
  return [ssh?.host ?? "here", dir, mode, dialect].join(":");
}

/** @throws ROUTER_ACTIVE, HOST_UNREACHABLE */
async function leave(left: RouterPlace, place: RouterPlace): Promise<void> {
  await withRouter(left, async (router) => {
    if ((await router.presence()) === "serving" && (await hasTraffic(router))) {
      const message = `the router serves as ${idOf(left)}, so it can't become ${idOf(place)}`;
      throw new BlueGreenError("ROUTER_ACTIVE", message, {
        hint: "make another environment with these settings, and move the clients to it",
      });
    }
    await router.stop();
  });
}

async function hasTraffic(router: ProxyRouter): Promise<boolean> {
  const { weights } = await router.read();
  return weights !== null && weights.blue + weights.green > 0;
}

const route: ResourceHandler = {
  async create(inputs) {
    const routes = inputs as unknown as RouteInputs;
    await writeRoutes(routes);
    return { id: idOf(placeIn(inputs)), outputs: {} };
  },
  async update(inputs) {
    await writeRoutes(inputs as unknown as RouteInputs);
    return {};
  },
  async delete(state) {
    const { rolloutId } = state as unknown as RouteInputs;
    await withRouter(placeIn(state), async (router) => {
      if ((await router.presence()) !== "serving") return;
      const generation = (await router.read()).generation ?? 0;
      await router.setRoutes(noRoutes({ generation, rolloutId }));
    });
  },
  read: (state) =>
    withRouter(placeIn(state), async (router) => {
      if ((await router.presence()) !== "serving") return null;
      return { ...routesFound(await router.read()) };
    }),
};

async function writeRoutes(inputs: RouteInputs): Promise<void> {
  const { spec, ssh } = wholePlace(inputs);
  await withRouter({ spec: { ...spec, reserved: inputs.reserved }, ssh }, (router) =>
    router.setRoutes(routesIn(inputs)),
  );
}

export const routerHandlers: Readonly<Record<string, ResourceHandler>> = {
  [routerType]: server,
  [routeType]: route,
};
