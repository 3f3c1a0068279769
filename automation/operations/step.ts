/** One step of an operation, told and made interruptible in the same way everywhere. */

import { systemClock } from "../../infra/clock.ts";
import type { Session } from "../session.ts";

export interface Step {
  /** Its boundaries are `before` and `after` this. */
  readonly point: string;
  /** What is about to be done. */
  readonly action: string;
  /** What is done then; default: the action. */
  readonly done?: string;
  /** Longest time that it takes; absent where it is short, or isn't known. */
  readonly mayTakeMs?: number;
}

/** Whatever the work throws is the caller's to tell. */
export async function makeStep(
  { on, boundary }: Pick<Session, "on" | "boundary">,
  { point, action, done = action, mayTakeMs }: Step,
  work: () => Promise<void>,
): Promise<void> {
  const startedMs = systemClock.now();
  boundary(`before ${point}`);
  on({ kind: "Begun", action, phase: null, ...(mayTakeMs !== undefined && { mayTakeMs }) });
  await work();
  boundary(`after ${point}`);
  on({ kind: "Ended", action: done, ms: systemClock.now() - startedMs });
}
