/**
 * The contract of a color component of your own, in one file without code: import its types. The
 * default export of the file that `bluegreen:color.file` names is such a function.
 */

import type * as pulumi from "@pulumi/pulumi";

/**
 * Makes everything that serves one release in one color, and tells where it answers. It is called
 * for each preview and update of the color's stack, so the same arguments must make the same.
 */
export type OwnColor<With = Readonly<Record<string, unknown>>> = (
  args: OwnColorArgs<With>,
  opts: OwnColorOptions,
) => OwnAddresses | Promise<OwnAddresses>;

/** `host:port` of each instance, or of what stands before them all; without a scheme. */
export type OwnAddresses = pulumi.Input<readonly pulumi.Input<string>[]>;

export interface OwnColorArgs<With = Readonly<Record<string, unknown>>> {
  readonly environment: string;
  /** As in the settings; null where they have none. */
  readonly application: string | null;
  readonly color: "blue" | "green";
  /** `ENVIRONMENT-COLOR`: begin the names of resources with it, as both colors exist at once. */
  readonly name: string;
  /** The release that the color is to hold. */
  readonly version: string;
  /** How many instances to make; grows while the color serves. */
  readonly size: number;
  /** The rollout that fills the color; another one at each release. */
  readonly rolloutId: string;
  /** `bluegreen:color.with`. */
  readonly with: With;
  /** `bluegreen:color.secrets`: they stay secret in Pulumi's state, and in what is made of them. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
}

/** Hand it to every resource: it is then a part of the color, and shown below it. */
export interface OwnColorOptions {
  readonly parent: pulumi.Resource;
}
