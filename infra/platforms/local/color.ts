/** A color on this machine as a Pulumi resource: the processes of one release. */

import * as pulumi from "@pulumi/pulumi";
import { providerVersion } from "../../provider/record-type.ts";
import type { Address } from "../../model.ts";
import type { ColorArgs, ColorResource } from "../../platform.ts";
import type { LocalSpec } from "./freeze.ts";
import { colorSpecOf } from "./freeze.ts";
import { placeOf } from "./place.ts";
import type { InstancesInputs } from "./types.ts";
import { instancesType } from "./types.ts";

/** The processes of a color, whatever platform routes to them. */
export class Instances extends pulumi.CustomResource {
  declare readonly addresses: pulumi.Output<readonly Address[]>;

  constructor(
    name: string,
    args: { dir: string; spec: pulumi.Input<InstancesInputs["spec"]> },
    opts: pulumi.CustomResourceOptions,
  ) {
    super(
      instancesType,
      name,
      { ...args, addresses: undefined },
      { ...opts, version: providerVersion },
    );
  }
}

export class LocalColor extends pulumi.ComponentResource implements ColorResource {
  readonly addresses: pulumi.Output<readonly Address[]>;

  constructor(name: string, args: ColorArgs, opts: pulumi.ComponentResourceOptions) {
    super("bluegreen-core:local:LocalColor", name, {}, opts);
    const { settings, color } = args;
    const place = placeOf(settings);
    const spec = colorSpecOf(args, args.frozen.spec as LocalSpec, place.releases);
    const instances = new Instances(
      `${name}-instances`,
      { dir: place.color[color], spec: pulumi.secret(spec) },
      { parent: this },
    );
    this.addresses = instances.addresses;
    this.registerOutputs({ addresses: this.addresses });
  }
}
