/** What a color's supervisor says of its instances now, as data. */

import type { Address, Color } from "../../../model.ts";

export const statusSchema = 1;

/**
 * - starting: runs, was never healthy yet
 * - ready: healthy
 * - unready: was healthy, isn't now
 * - backoff: ended; started again after a pause
 * - stopping: was asked to end, or is about to be replaced
 */
export type InstanceState = "starting" | "ready" | "unready" | "backoff" | "stopping";

export interface InstanceStatus {
  readonly index: number;
  readonly address: Address;
  /** Null while no process runs. */
  readonly pid: number | null;
  readonly state: InstanceState;
  /** How often this release ended here and was started again. */
  readonly restarts: number;
  /** Why it isn't ready, in one sentence. */
  readonly problem: string | null;
}

export interface ColorStatus {
  readonly schema: number;
  readonly color: Color;
  readonly version: string;
  readonly digest: string;
  readonly rolloutId: string;
  /** In the order of their index; those that are being stopped are still listed. */
  readonly instances: readonly InstanceStatus[];
  readonly ready: number;
  /** How many instances the color shall have. */
  readonly total: number;
  /** True when an instance ends again and again, or can't be started at all. */
  readonly crashLoop: boolean;
}
