/** The router on nginx or HAProxy as Pulumi resources: the server, and what it does. */

import * as pulumi from "@pulumi/pulumi";
import type { RouterArgs, RouterOutputs, RouterResource } from "../../../platform.ts";
import { providerVersion } from "../../../provider/record-type.ts";
import { reservedOf, routerPlaceOf } from "../place.ts";
import { urlOf } from "../url.ts";
import type { RouteInputs, RouterInputs } from "./types.ts";
import { routeType, routerType } from "./types.ts";

class Server extends pulumi.CustomResource {
  constructor(name: string, args: RouterInputs, opts: pulumi.CustomResourceOptions) {
    super(routerType, name, { ...args }, { ...opts, version: providerVersion });
  }
}

class Route extends pulumi.CustomResource {
  declare readonly generation: pulumi.Output<number>;

  constructor(name: string, args: RouteInputs, opts: pulumi.CustomResourceOptions) {
    super(routeType, name, { ...args }, { ...opts, version: providerVersion });
  }
}

export class ProxyRouterComponent extends pulumi.ComponentResource implements RouterResource {
  readonly outputs: pulumi.Output<RouterOutputs>;

  constructor(name: string, args: RouterArgs, opts: pulumi.ComponentResourceOptions) {
    super("bluegreen-core:proxy:ProxyRouter", name, {}, opts);
    const { settings, routes } = args;
    const place = routerPlaceOf(settings);
    const server = new Server(`${name}-router`, place, { parent: this });
    const route = new Route(
      `${name}-route`,
      { ...place, reserved: reservedOf(settings), ...routes },
      { parent: this, dependsOn: [server] },
    );
    const url = urlOf(settings);
    this.outputs = pulumi.runtime.isDryRun()
      ? pulumi.output({ url })
      : route.generation.apply(() => ({ url }));
    this.registerOutputs({ url });
  }
}
