/** The type of the settings: complete and judged, as everything else reads them. */

import type { Parsed } from "./around.ts";
import type { Check } from "./checks.ts";
import type { Metric } from "./metrics.ts";
import type { Settled } from "./settled.ts";

export type SettledShape = Settled<Parsed>;

/** Everything that can be set, complete and judged. Times are milliseconds, absent is null. */
export interface Settings extends Omit<SettledShape, "probe" | "bake" | "checks" | "metrics"> {
  readonly probe: Omit<SettledShape["probe"], "path"> & { readonly path: string };
  readonly bake: Omit<SettledShape["bake"], "synthetic"> & { readonly synthetic: Synthetic };
  readonly checks: readonly Check[];
  readonly metrics: readonly Metric[];
}

/** Requests of our own while a release is judged. */
export interface Synthetic {
  readonly enabled: boolean;
  /** Asked in turn; at least one. */
  readonly paths: readonly string[];
  readonly ratePerSecond: number;
}

/** A color that somebody else manages. */
export type GivenColor = NonNullable<Settings["given"]["blue"]>;
