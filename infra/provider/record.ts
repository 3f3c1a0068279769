/** The record as a resource: the last one of the router's stack, so that it goes first. */

import * as pulumi from "@pulumi/pulumi";
import type { RouterRecord } from "../model.ts";
import { providerVersion, recordType } from "./record-type.ts";

export interface RecordArgs {
  readonly record: pulumi.Input<RouterRecord>;
  /** Platform that the traffic hangs on; it can't change while a color is active. */
  readonly platform: pulumi.Input<string>;
}

export class RecordResource extends pulumi.CustomResource {
  declare readonly record: pulumi.Output<RouterRecord>;
  declare readonly platform: pulumi.Output<string>;

  constructor(name: string, args: RecordArgs, opts: pulumi.CustomResourceOptions) {
    super(recordType, name, { ...args }, { ...opts, version: providerVersion });
  }
}
