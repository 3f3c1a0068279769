/** Everything that a decision inside a locked update of the router's stack may look at. */

import type { Drift } from "./adoption.ts";
import type { Frozen } from "./freeze.ts";
import type { ColorOutputs, PerColor, RouterReading, RouterRecord } from "../model.ts";

export interface View {
  readonly environment: string;
  /** Already brought in line with the data plane. */
  readonly record: RouterRecord;
  readonly drift: Drift;
  readonly reading: RouterReading;
  readonly colors: PerColor<ColorOutputs | null>;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly rollbackWindowMs: number;
  /** Null while switches are allowed, or the freeze is overridden. */
  readonly frozen: Frozen | null;
}

export function instant(ms: number): string {
  return new Date(ms).toISOString();
}
