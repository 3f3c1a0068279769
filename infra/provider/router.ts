/** A router of our own provider as Pulumi resources: what serves, and what it does. */

import * as pulumi from "@pulumi/pulumi";
import type { RouterOutputs, RouterResource } from "../platform.ts";
import { providerVersion } from "./record-type.ts";
import type { RoutesInputs } from "./routes.ts";

/** A resource of the router: its type token and its inputs. */
interface Part<Inputs> {
  readonly type: string;
  readonly inputs: Inputs;
}

export interface RouterParts {
  /** The process or server. */
  readonly server: Part<object>;
  /** The flip. */
  readonly route: Part<RoutesInputs>;
  /** Public address of the application. */
  readonly url: string;
}

class Server extends pulumi.CustomResource {
  constructor(name: string, { type, inputs }: Part<object>, opts: pulumi.CustomResourceOptions) {
    super(type, name, { ...inputs }, { ...opts, version: providerVersion });
  }
}

class Route extends pulumi.CustomResource {
  declare readonly generation: pulumi.Output<number>;

  constructor(
    name: string,
    { type, inputs }: Part<RoutesInputs>,
    opts: pulumi.CustomResourceOptions,
  ) {
    super(type, name, { ...inputs }, { ...opts, version: providerVersion });
  }
}

export class ProvidedRouter extends pulumi.ComponentResource implements RouterResource {
  readonly outputs: pulumi.Output<RouterOutputs>;

  /** `type` is the component's own token: it is part of every URN below it. */
  constructor(
    { type, name }: { readonly type: string; readonly name: string },
    { server: serverPart, route: routePart, url }: RouterParts,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super(type, name, {}, opts);
    const server = new Server(`${name}-router`, serverPart, { parent: this });
    const dependsOn = [server];
    const route = new Route(`${name}-route`, routePart, { parent: this, dependsOn });
    this.outputs = pulumi.runtime.isDryRun()
      ? pulumi.output({ url })
      : route.generation.apply(() => ({ url }));
    this.registerOutputs({ url });
  }
}
