/** The router on nginx or HAProxy as Pulumi resources: the server, and what it does. */

import type { ComponentResourceOptions } from "@pulumi/pulumi";
import type { RouterArgs, RouterResource } from "../../../platform.ts";
import { ProvidedRouter } from "../../../provider/router.ts";
import { reservedOf, routerPlaceOf } from "../place.ts";
import { urlOf } from "../url.ts";
import type { RouteInputs, RouterInputs } from "./types.ts";
import { routeType, routerType } from "./types.ts";

export function proxyRouter(
  name: string,
  { settings, routes }: RouterArgs,
  opts: ComponentResourceOptions,
): RouterResource {
  const server: RouterInputs = routerPlaceOf(settings);
  const route: RouteInputs = { ...server, reserved: reservedOf(settings), ...routes };
  return new ProvidedRouter(
    { type: "bluegreen-core:proxy:ProxyRouter", name },
    {
      server: { type: routerType, inputs: server },
      route: { type: routeType, inputs: route },
      url: urlOf(settings),
    },
    opts,
  );
}
