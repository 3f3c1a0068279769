/** The local router as Pulumi resources: the process, and what it does. */

import type { ComponentResourceOptions } from "@pulumi/pulumi";
import type { RouterArgs, RouterResource } from "../../platform.ts";
import { ProvidedRouter } from "../../provider/router.ts";
import { placeOf } from "./place.ts";
import type { RouteInputs, RouterInputs } from "./types.ts";
import { routeType, routerType } from "./types.ts";
import { urlOf } from "./url.ts";

export function localRouter(
  name: string,
  { settings, routes }: RouterArgs,
  opts: ComponentResourceOptions,
): RouterResource {
  const dir = placeOf(settings).router;
  const { drainMs, local } = settings;
  const { host, port, tls, accessLog, pauseMs } = local;
  // Left out where there is none: what an older bluegreen made has no such inputs.
  const some = { ...(pauseMs > 0 && { pauseMs }), ...(settings.shift.sticky && { sticky: true }) };
  const server: RouterInputs = { dir, host, port, tls, drainMs, accessLog, ...some };
  const route: RouteInputs = { dir, ...routes };
  return new ProvidedRouter(
    { type: "bluegreen-core:local:LocalRouter", name },
    {
      server: { type: routerType, inputs: server },
      route: { type: routeType, inputs: route },
      url: urlOf(settings),
    },
    opts,
  );
}
