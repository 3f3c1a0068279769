/** What is told of a rollout by its record: its phase, and how it was left or given up. Pure. */

import type { Color, Rollout, RouterRecord } from "../infra/model.ts";
import type { Abort } from "../infra/rules/request.ts";
import type { Event, RolloutSummary } from "./event.ts";

export type Entered = Extract<Event, { kind: "Entered" }>;

/** What is true of a run's own rollout; the former one where that says the same. */
export function enteredNow(
  { rollout }: Pick<RouterRecord, "rollout">,
  ownId: string | null,
  former: Entered | null,
): Entered | null {
  if (rollout === null || rollout.id !== ownId) return former;
  const known = former?.rollout;
  if (known?.id === rollout.id && known.phase === rollout.phase) return former;
  const baked = rollout.baked?.verdict ?? null;
  return { kind: "Entered", rollout: summarized(rollout), baked };
}

/** The rollout that traffic leaves by going to a color; nothing where it is that color's. */
export function leaving(rollout: Rollout | null, to: Color): { readonly rollout?: RolloutSummary } {
  return rollout === null || rollout.color === to ? {} : { rollout: summarized(rollout) };
}

/** By the record as it was before; one that is in its hold has ended already. */
export function givenUp(
  { rollout }: Pick<RouterRecord, "rollout">,
  { reason }: Pick<Abort, "reason">,
): readonly Event[] {
  if (rollout === null || rollout.phase === "hold") return [];
  return [{ kind: "Aborted", rollout: summarized(rollout), reason }];
}

function summarized(rollout: Rollout): RolloutSummary {
  const { id, kind, color, former, version, phase } = rollout;
  return { id, kind, color, former, version, phase };
}
