/** The local platform's resources as the provider executable makes, changes and reads them. */

import { BlueGreenError } from "../../errors.ts";
import type { Color } from "../../model.ts";
import type { Properties, ResourceHandler } from "../../provider/handler.ts";
import { HalfMade } from "../../provider/handler.ts";
import { noRoutes, routesFound, routesIn } from "../../provider/routes.ts";
import { askRouter, setRoutes, startRouter, stopRouter } from "./router/client.ts";
import type { RouterSpec } from "./router/client.ts";
import { ensureColor, inspectColor, stopColor } from "./supervisor/client.ts";
import type { InstancesInputs, RouteInputs, RouterInputs } from "./types.ts";
import { instancesType, routeType, routerType } from "./types.ts";

const router: ResourceHandler = {
  async create(inputs) {
    const spec = inputs as unknown as RouterInputs;
    await startRouter(specOf(spec));
    return { id: spec.dir, outputs: {} };
  },
  async update(inputs) {
    await startRouter(specOf(inputs as unknown as RouterInputs));
    return {};
  },
  async delete(state) {
    await stopRouter((state as unknown as RouterInputs).dir);
  },
  async read(state) {
    const status = await askRouter((state as unknown as RouterInputs).dir);
    if (!status) return null;
    const { host, port, tls, drainMs, accessLog, pauseMs, sticky } = status.spec;
    const some = { ...(pauseMs > 0 && { pauseMs }), ...(sticky && { sticky }) };
    return { host, port, tls, drainMs, accessLog, ...some };
  },
};

/** The engine drops nulls on their way: absent is null again. */
function specOf(inputs: RouterInputs): RouterSpec {
  const { dir, host, port, tls = null, drainMs, accessLog, pauseMs = 0, sticky = false } = inputs;
  return { dir, host, port, tls, drainMs, accessLog, pauseMs, sticky };
}

const route: ResourceHandler = {
  async create(inputs) {
    const routes = inputs as unknown as RouteInputs;
    await setRoutes(routes.dir, routesIn(routes));
    return { id: routes.dir, outputs: {} };
  },
  async update(inputs) {
    const routes = inputs as unknown as RouteInputs;
    await setRoutes(routes.dir, routesIn(routes));
    return {};
  },
  async delete(state) {
    const { dir, rolloutId } = state as unknown as RouteInputs;
    const status = await askRouter(dir);
    if (!status) return;
    const { generation } = status.routes;
    await setRoutes(dir, noRoutes({ generation, rolloutId }), { asked: status });
  },
  async read(state) {
    const status = await askRouter((state as unknown as RouteInputs).dir);
    return status && { ...routesFound(status.routes) };
  },
};

const instances: ResourceHandler = {
  async create(inputs) {
    const { dir, spec } = inputs as unknown as InstancesInputs;
    return { id: dir, outputs: await fill(dir, spec) };
  },
  async update(inputs) {
    const { dir, spec } = inputs as unknown as InstancesInputs;
    return fill(dir, spec);
  },
  async delete(state) {
    const { dir, spec } = state as unknown as InstancesInputs;
    await stopColor(dir, { drainMs: spec.drainMs });
  },
  async read(state) {
    const { dir, spec } = state as unknown as InstancesInputs;
    const { supervisor, status, orphans } = await inspectColor(dir);
    // One that is only slow isn't gone: a refresh would take its instances out of the state.
    if (supervisor === "silent") throw silentSupervisor(spec.color);
    if (status) return { addresses: status.instances.map(({ address }) => address) };
    // Instances that nobody looks after differ from the order, so that the next update adopts them.
    return orphans.length > 0 ? { spec: { ...spec, instances: 0 } } : null;
  },
};

function silentSupervisor(color: Color): BlueGreenError {
  const message = `the supervisor of ${color} runs but doesn't answer`;
  return new BlueGreenError("COLOR_BUSY", message, {
    hint: "Run the command again; `bluegreen doctor` says more when it stays so.",
  });
}

/** Processes that were started but never got healthy are in the state, so that they can go. */
async function fill(dir: string, spec: InstancesInputs["spec"]): Promise<Properties> {
  try {
    const status = await ensureColor(dir, spec);
    return { addresses: status.instances.map(({ address }) => address) };
  } catch (error) {
    if (error instanceof BlueGreenError) throw new HalfMade(dir, error);
    throw error;
  }
}

export const localHandlers: Readonly<Record<string, ResourceHandler>> = {
  [routerType]: router,
  [routeType]: route,
  [instancesType]: instances,
};
