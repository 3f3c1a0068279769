/** What one run of the loop has learned; lost when it is killed, and learned again then. */

import type { BlueGreenError } from "../../infra/errors.ts";
import type { Baked, Color, Release, Verdict } from "../../infra/model.ts";

export interface Memory {
  /** The rollout that this run claimed or took over. */
  readonly rolloutId: string | null;
  /** Result of the checks on this digest. */
  readonly checked: { readonly digest: string; readonly verdict: Verdict } | null;
  /** Result of the bake. */
  readonly baked: Baked | null;
  /** Why this run can't reach its goal: it cleans up, then fails with it. */
  readonly failure: BlueGreenError | null;
  /** The release whose errors ended its switch: it is to be pinned. */
  readonly blamed: Release | null;
  /** The goal's update was made by this run. */
  readonly done: boolean;
  /** A color was changed by this run, or may have been: what it held may be gone. */
  readonly filling: boolean;
  /** The color whose stack this run has emptied. */
  readonly emptied: Color | null;
  /** The color whose open requests this run has waited for. */
  readonly drained: Color | null;
  /** The router's stack was brought up by this run. */
  readonly kept: boolean;
  /** An update was tried once more, because its engine had ended in the middle. */
  readonly retried: boolean;
}

export const noMemory: Memory = {
  rolloutId: null,
  checked: null,
  baked: null,
  failure: null,
  blamed: null,
  done: false,
  filling: false,
  emptied: null,
  drained: null,
  kept: false,
  retried: false,
};
