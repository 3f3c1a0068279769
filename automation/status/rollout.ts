/** What `bluegreen status` tells of the rollout: its phase, its step of a shift, and who works on it. */

import { formatCohorts, groupsOf, phaseSentences } from "../../infra/model.ts";
import type { Settings } from "../../infra/config.ts";
import type { Color, Instant, Phase, Rollout } from "../../infra/model.ts";
import type { Observed } from "../../infra/observation.ts";
import { isFilledByHand } from "../../infra/rules/by-hand.ts";
import { describeOwner } from "../../infra/rules/owner.ts";
import { instant } from "../../infra/rules/view.ts";
import type { ShiftStep } from "../rollout/goal.ts";
import { stepIn } from "../rollout/shift-steps.ts";
import { syntheticSentence } from "../rollout/synthetic.ts";

export interface StepReport {
  /** From 1 on. */
  readonly step: number;
  readonly steps: number;
  /** Share of the new color in percent. */
  readonly weight: number;
  /** Whose requests it has beside, in words; absent: nobody's. */
  readonly cohort?: string;
  /** When more traffic follows at the earliest. */
  readonly endsAt: Instant;
}

export interface RolloutReport {
  readonly id: string;
  readonly kind: "deploy" | "switch";
  readonly phase: Phase;
  /** What is true in this phase. */
  readonly sentence: string;
  readonly since: Instant;
  readonly color: Color;
  readonly former: Color | null;
  readonly version: string;
  /** Which step of its shift it is in; null where it isn't in one that the settings have. */
  readonly step: StepReport | null;
  /** At its gate: nobody's word counts after this; null: it isn't there, or nothing limits it. */
  readonly gateUntil: Instant | null;
  /** While it is judged, what is sent besides users' requests; null: nothing. */
  readonly synthetic: string | null;
  /** Who works on it; null: nobody at the moment. */
  readonly owner: string | null;
  /** True: that process is known to be gone. Null: it can't be known from here. */
  readonly ownerGone: boolean | null;
  /** When the claim ends; null: nothing is claimed. */
  readonly claimedUntil: Instant | null;
}

interface ReportedWith {
  /** As `RolloutReport.ownerGone`. */
  readonly ownerGone: boolean | null;
  /** Of a shift, as the settings have them. */
  readonly steps: readonly ShiftStep[];
  readonly synthetic: Settings["bake"]["synthetic"];
}

/** Null where none is in the record. */
export function rolloutReport(
  { record, colors: held }: Observed,
  { ownerGone, steps, synthetic }: ReportedWith,
): RolloutReport | null {
  const { rollout, claim } = record;
  if (!rollout) return null;
  const { id, kind, phase, since, color, former, version } = rollout;
  const owner = claim?.owner ? describeOwner(claim.owner) : null;
  return {
    id,
    kind,
    phase,
    sentence: phaseSentence(rollout, isFilledByHand(record, held[rollout.color])),
    since,
    color,
    former,
    version,
    step: stepOf(record, steps),
    gateUntil: phase === "gate" ? (rollout.gateUntil ?? null) : null,
    synthetic: phase === "bake" || phase === "shift" ? syntheticSentence(synthetic) : null,
    owner,
    ownerGone: owner === null ? null : ownerGone,
    claimedUntil: claim?.until ?? null,
  };
}

function stepOf(
  { rollout, weights }: Observed["record"],
  steps: ReportedWith["steps"],
): StepReport | null {
  if (rollout?.phase !== "shift") return null;
  const index = stepIn(steps, weights, rollout.color);
  const step = steps[index];
  if (!step) return null;
  const endsAt = instant(Date.parse(rollout.since) + step.forMs);
  const groups = groupsOf(weights, rollout.color);
  const cohort = groups.length > 0 && { cohort: formatCohorts(groups) };
  return { step: index + 1, steps: steps.length, weight: step.weight, ...cohort, endsAt };
}

function phaseSentence({ former, phase, color }: Rollout, byPerson: boolean): string {
  if (byPerson && phase === "provision") {
    return `${color} is filled by hand and waits for \`bluegreen switch ${color}\`; the active color has all traffic.`;
  }
  return former === null && phase === "hold" ? firstHeld : phaseSentences[phase];
}

/** A first release has no former color to speak of. */
const firstHeld = "The first release has all traffic.";
