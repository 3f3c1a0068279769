/** The local router as Pulumi resources: the process, and what it does. */

import * as pulumi from "@pulumi/pulumi";
import { providerVersion } from "../../provider/record-type.ts";
import type { RouterArgs, RouterOutputs, RouterResource } from "../../platform.ts";
import { placeOf } from "./place.ts";
import type { RouteInputs, RouterInputs } from "./types.ts";
import { routeType, routerType } from "./types.ts";
import { urlOf } from "./url.ts";

class RouterProcess extends pulumi.CustomResource {
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

export class LocalRouter extends pulumi.ComponentResource implements RouterResource {
  readonly outputs: pulumi.Output<RouterOutputs>;

  constructor(name: string, args: RouterArgs, opts: pulumi.ComponentResourceOptions) {
    super("bluegreen-core:local:LocalRouter", name, {}, opts);
    const { settings, routes } = args;
    const dir = placeOf(settings).router;
    const { drainMs, local } = settings;
    const { host, port, tls, accessLog, pauseMs } = local;
    // Left out where there is none: what an older bluegreen made has no such input.
    const pause = pauseMs > 0 ? { pauseMs } : {};
    const spec = { dir, host, port, tls, drainMs, accessLog, ...pause };
    const process = new RouterProcess(`${name}-router`, spec, { parent: this });
    const route = new Route(
      `${name}-route`,
      { dir, ...routes },
      { parent: this, dependsOn: [process] },
    );
    const url = urlOf(settings);
    this.outputs = pulumi.runtime.isDryRun()
      ? pulumi.output({ url })
      : route.generation.apply(() => ({ url }));
    this.registerOutputs({ url });
  }
}
