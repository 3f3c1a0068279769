/** A color behind nginx or HAProxy as Pulumi resources: processes here, or machines of its own. */

import * as pulumi from "@pulumi/pulumi";
import type { Address } from "../../../model.ts";
import type { ColorArgs, ColorResource } from "../../../platform.ts";
import { providerVersion } from "../../../provider/record-type.ts";
import { Instances } from "../../local/color.ts";
import { colorSpecOf } from "../../local/freeze.ts";
import { placeOf } from "../../local/place.ts";
import type { ProcessesSpec, ProxyColorSpec, ServersSpec } from "../freeze.ts";
import { rotationOf } from "../rotation.ts";
import { hostIn } from "../safe-text.ts";
import type { ServerInputs } from "./types.ts";
import { serverType } from "./types.ts";
import { wholeAccess } from "./whole.ts";

class Server extends pulumi.CustomResource {
  /** Digest of the release that is on it. */
  declare readonly installed: pulumi.Output<string>;

  constructor(name: string, args: ServerInputs, opts: pulumi.CustomResourceOptions) {
    const inputs = { ...args, installed: undefined };
    super(serverType, name, inputs, { ...opts, version: providerVersion });
  }
}

export class ProxyColor extends pulumi.ComponentResource implements ColorResource {
  readonly addresses: pulumi.Output<readonly Address[]>;

  constructor(name: string, args: ColorArgs, opts: pulumi.ComponentResourceOptions) {
    super("bluegreen-core:proxy:ProxyColor", name, {}, opts);
    const spec = args.frozen.spec as ProxyColorSpec;
    this.addresses =
      spec.kind === "process" ? this.#processes(name, args, spec) : this.#servers(name, args, spec);
    this.registerOutputs({ addresses: this.addresses });
  }

  #processes(name: string, args: ColorArgs, spec: ProcessesSpec) {
    const { settings, color } = args;
    const place = placeOf(settings);
    const setting = `bluegreen:proxy.colors.ports.${color}`;
    const ports = { first: spec.ports[color], setting };
    const ordered = { ...colorSpecOf(args, spec, place.releases), ports };
    return new Instances(
      `${name}-instances`,
      { dir: place.color[color], spec: pulumi.secret(ordered) },
      { parent: this },
    ).addresses;
  }

  /** One after the other, so that a release that fails stays on one of them. */
  #servers(name: string, { color, frozen, settings }: ColorArgs, spec: ServersSpec) {
    const { version, digest } = frozen.release;
    const { install, remove, health, startMs, cwd, ssh } = spec;
    const addresses = spec.servers[color];
    const rotation = rotationOf(settings);
    const made: Server[] = [];
    for (const address of addresses) {
      const access = ssh && wholeAccess({ ...ssh, host: hostIn(address) });
      const own = { address, ssh: access, rotation };
      const inputs = { ...own, color, version, digest, install, remove, health, startMs, cwd };
      const dependsOn = made.slice(-1);
      made.push(new Server(`${name}-${nameOf(address)}`, inputs, { parent: this, dependsOn }));
    }
    return pulumi.all(made.map(({ installed }) => installed)).apply(() => addresses);
  }
}

/** By its address, so that a list in another order is the same resources. */
function nameOf(address: Address): string {
  return address.replaceAll(/[^A-Za-z0-9.-]/g, "_");
}
