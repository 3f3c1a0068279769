/** The steps of a shift as the settings have them, and which one given weights are in. Pure. */

import type { Settings } from "../../infra/config.ts";
import { areAmong, groupsOf } from "../../infra/model.ts";
import type { Cohort, Color, Weights } from "../../infra/model.ts";
import type { ShiftStep } from "./goal.ts";

/** Each step with all that the new color has then: a cohort stays once it has come. */
export function shiftSteps({ shift }: Pick<Settings, "shift">): readonly ShiftStep[] {
  const groups: Cohort[] = [];
  return shift.steps.map(({ weight, cohort, forMs }) => {
    const group = cohort && groupOf(cohort);
    if (group) groups.push(group);
    return { weight: weight ?? 0, forMs, ...(groups.length > 0 && { groups: [...groups] }) };
  });
}

/** The rules see to it that it names one of the two. */
function groupOf(cohort: NonNullable<Settings["shift"]["steps"][number]["cohort"]>): Cohort {
  const { header, cookie, value } = cohort;
  return header === null
    ? { kind: "cookie", name: cookie ?? "", value }
    : { kind: "header", name: header.toLowerCase(), value };
}

/** A cohort comes before any share, and stays: of several steps each brings another one. */
export function isAhead(step: ShiftStep, weights: Weights, color: Color): boolean {
  const { weight, groups = [] } = step;
  if (weight > 0 || weights[color] > 0) return weight > weights[color];
  return !areAmong(groups, groupsOf(weights, color));
}

/**
 * Index of the last step that has the share, and no cohort more than the color has; or -1. A cohort
 * that the settings got while the color had a share comes too late: then the share alone tells.
 */
export function stepIn(steps: readonly ShiftStep[], weights: Weights, color: Color): number {
  const has = groupsOf(weights, color);
  const isShare = ({ weight }: ShiftStep) => weight === weights[color];
  const exact = steps.findLastIndex((step) => isShare(step) && areAmong(step.groups ?? [], has));
  return exact === -1 && weights[color] > 0 ? steps.findLastIndex(isShare) : exact;
}
