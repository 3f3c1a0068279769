/** The way to a switch in steps: which share comes next, and which one is to be judged. Pure. */

import { formatDuration } from "../../infra/duration.ts";
import type { Color, Permission, Rollout, Weights } from "../../infra/model.ts";
import { areAmong, formatShare, groupsOf, isServed } from "../../infra/model.ts";
import type { Request } from "../../infra/rules/request.ts";
import { movedInShift } from "../../infra/rules/traffic.ts";
import { instant } from "../../infra/rules/view.ts";
import type { Action } from "./action.ts";
import { weightsTo } from "./action.ts";
import { failedBake } from "./failure.ts";
import type { Deploy, ShiftStep, SwitchTo } from "./goal.ts";
import { isAhead, stepIn } from "./shift-steps.ts";
import type { Situation } from "./situation.ts";

type Moving = Situation<Deploy | SwitchTo>;

/** What was checked, and who permitted that it gets traffic. */
interface Checked {
  readonly digest: string;
  readonly permission?: Permission;
}

/** None for who wants no judgement: a step without one proves nothing. */
export function stepsOf({ goal, policy }: Moving): readonly ShiftStep[] {
  return goal.kind === "SwitchTo" && !goal.bake ? [] : policy.steps;
}

/** True for the switch of a first release, which has nobody to share traffic with. */
export function skipsSteps(
  { steps }: Situation["policy"],
  { record }: Situation["view"],
  { kind }: Request,
): boolean {
  return kind === "Switch" && steps.length > 0 && record.activeColor === null;
}

/** More traffic to the color of the rollout: the next step's share, or all of it. */
export function moveOn(situation: Moving, rollout: Rollout, checked: Checked): Action {
  const { id: rolloutId, color, former } = rollout;
  const { weights } = situation.view.record;
  const steps = former === null ? [] : stepsOf(situation);
  const next = steps.find((step) => isAhead(step, weights, color));
  if (next) return shiftTo(situation, rollout, next, checked);
  const asked = { kind: "Switch", rolloutId, start: null, holdUntil: null } as const;
  return { kind: "Update", request: { ...asked, ...checked } };
}

/**
 * What a person has set stays until a person says how it goes on: more traffic would undo it, and
 * any update of the run would record it as its own. All of it moved back is another matter.
 */
export function movedByOthers(situation: Moving, rollout: Rollout): Action | null {
  const { view, memory } = situation;
  const { color } = rollout;
  const { weights } = view.record;
  if (rollout.phase !== "shift" || !isServed(weights, color)) return null;
  if (view.drift.kind === "foreign") return { kind: "Fail", error: movedInShift(view) };
  if (view.drift.kind === "interrupted" && !isOwnStep(situation, rollout)) {
    const before = formatShare(view.stored.weights, color);
    const sentence = `the record says ${before}, now it is ${formatShare(weights, color)}`;
    return { kind: "Fail", error: movedInShift(view, sentence) };
  }
  const { stepped, cohorts } = memory;
  const kept = stepped === null || weights[color] >= stepped;
  if (kept && groupsOf(weights, color).length >= cohorts) return null;
  const step = stepped === 0 ? `${cohorts} cohorts` : `${String(stepped)} %`;
  const sentence = `the step of ${step} was reached, now it is ${formatShare(weights, color)}`;
  return { kind: "Fail", error: movedInShift(view, sentence) };
}

/**
 * An update that was cut short leaves a step's share. In a run that lives on, it is one that the run
 * saw fail; after a kill, a person who has set just such a share can't be told from it.
 */
function isOwnStep({ view, memory, policy }: Moving, { id, color }: Rollout): boolean {
  const { weights } = view.record;
  const lives = memory.rolloutId === id && !memory.retried && memory.failure === null;
  const asStep = policy.steps[stepIn(policy.steps, weights, color)];
  // What a person gave it beside is no step's.
  const had = [...(asStep?.groups ?? []), ...groupsOf(view.stored.weights, color)];
  return !lives && asStep !== undefined && areAmong(groupsOf(weights, color), had);
}

/**
 * The step that the record is in is judged once, then more traffic follows. Which step that is
 * tells its share: so a run that takes over is in the same one, from when it began.
 */
export function watchOrMoveOn(situation: Moving, rollout: Rollout): Action {
  const { view, memory } = situation;
  const { color, former, since } = rollout;
  const failing = memory.baked?.verdict === "fail" ? memory.baked.sentence : null;
  const back = failing === null ? null : failedBake(situation, rollout, failing);
  if (back) return back;
  const { weights } = view.record;
  if (!isServed(weights, color)) return takenAway(rollout);
  const checked = { digest: rollout.digest ?? view.colors[color]?.release.digest ?? "" };
  const weight = weights[color];
  const groups = groupsOf(weights, color);
  const steps = stepsOf(situation);
  const index = stepIn(steps, weights, color);
  const { forMs = 0 } = steps[index] ?? {};
  if (view.drift.kind === "interrupted") {
    return shiftTo(situation, rollout, { weight, forMs }, checked);
  }
  const judged = memory.stepped === weight && memory.cohorts === groups.length;
  if (judged || index === -1 || former === null) {
    return moveOn(situation, rollout, checked);
  }
  const sinceMs = Date.parse(since);
  const numbered = { step: index + 1, steps: steps.length };
  const share = { weight, ...(groups.length > 0 && { groups }) };
  return { kind: "Watch", color, former, sinceMs, ...share, forMs, ...numbered };
}

/** Somebody moved traffic back past us: that is what a person wanted. */
function takenAway({ id: rolloutId, color }: Rollout): Action {
  const reason = `traffic was moved away from ${color}`;
  return { kind: "Update", request: { kind: "Abort", reason, rolloutId, untouched: false } };
}

function shiftTo(
  { view, policy }: Moving,
  { id: rolloutId, color }: Rollout,
  { weight, groups: added = [], forMs }: ShiftStep,
  checked: Checked,
): Action {
  const has = groupsOf(view.record.weights, color);
  const groups = [...has, ...added.filter((each) => !areAmong([each], has))];
  const weights = weightsTo({ color, weight, groups });
  const until = instant(view.nowMs + forMs + (policy.holdMs ?? 0) + policy.claimMs);
  const as = `shift ${shiftWords(weights, color)}, watched for ${formatDuration(forMs)}`;
  return { kind: "Update", as, request: { kind: "Shift", rolloutId, weights, until, ...checked } };
}

/** `to 10 %`; with cohorts also whose requests come beside. */
function shiftWords(weights: Weights, color: Color): string {
  return weights[color] === 0
    ? `of ${formatShare(weights, color)}`
    : `to ${formatShare(weights, color)}`;
}
