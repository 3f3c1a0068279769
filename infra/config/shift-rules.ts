/** Rules about the steps of a shift, and what the chosen platform can do of them. */

import { isDeepStrictEqual } from "node:util";

import { ladder } from "../platforms/proxy/state.ts";
import type { Path } from "./path.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./settings.ts";

const steps: Path = ["shift", "steps"];

export const shiftRules: readonly {
  readonly rule: (settings: Settings) => readonly Problem[];
  readonly reads: readonly Path[];
}[] = [
  { rule: eachIsWhole, reads: [steps] },
  { rule: weightsRise, reads: [steps] },
  { rule: cohortsComeFirst, reads: [steps] },
  { rule: proxyHasNoCohorts, reads: [["platform"], steps] },
  { rule: proxyHasTheWeights, reads: [["platform"], steps] },
  { rule: colorsMayMeet, reads: [["platform"], steps, ["local", "pause"]] },
  { rule: proxyHasACookie, reads: [["platform"], ["shift", "sticky"], ["proxy", "cookie"]] },
];

/** A step has one of the two, and a cohort is told by one of two ways. */
function eachIsWhole({ shift }: Settings): readonly Problem[] {
  return shift.steps.flatMap(({ weight, cohort }, index): readonly Problem[] => {
    const path = [...steps, index];
    const fix = "write one of the two";
    if (weight === null && cohort === null) {
      return [{ path, problem: "has neither a weight nor a cohort", fix }];
    }
    if (weight !== null && cohort !== null) {
      const split = "write two steps, the cohort's first: it stays on the new color";
      return [{ path, problem: "has a weight and a cohort", fix: split }];
    }
    const ways = cohort === null ? 1 : [cohort.header, cohort.cookie].filter(Boolean).length;
    if (ways === 1) return [];
    const problem = ways === 0 ? "has neither a header nor a cookie" : "has a header and a cookie";
    return [{ path: [...path, "cohort"], problem, fix }];
  });
}

/** Which step a rollout is in is told by its share, or before any share by its cohorts. */
function weightsRise({ shift }: Settings): readonly Problem[] {
  return shift.steps.flatMap(({ weight }, index) => {
    const before = shift.steps[index - 1]?.weight ?? 0;
    if (weight === null || weight > before) return [];
    const about: Path[] = [[...steps, index - 1, "weight"]];
    const problem = "isn't more than the step before has";
    return [{ path: [...steps, index, "weight"], problem, fix: "write rising shares", about }];
  });
}

/** Whoever has a share of all users has met the cohort's by chance. */
function cohortsComeFirst({ shift }: Settings): readonly Problem[] {
  return shift.steps.flatMap(({ cohort }, index) => {
    const late = cohort !== null && shift.steps[index - 1]?.weight;
    const path = [...steps, index, "cohort"];
    const again = shift.steps
      .slice(0, index)
      .some((step) => step.cohort !== null && cohort !== null && isSame(step.cohort, cohort));
    if (cohort !== null && again) {
      return [{ path, problem: "is there already", fix: "leave this step out" }];
    }
    const fix = "write the steps with a cohort first";
    return late ? [{ path, problem: "comes after a weight", fix }] : [];
  });
}

type Cohort = NonNullable<Settings["shift"]["steps"][number]["cohort"]>;

/** Names of headers have no case; those of cookies have. */
function isSame(one: Cohort, other: Cohort): boolean {
  const plain = (cohort: Cohort) => ({ ...cohort, header: cohort.header?.toLowerCase() });
  return isDeepStrictEqual(plain(one), plain(other));
}

function proxyHasNoCohorts({ platform, shift }: Settings): readonly Problem[] {
  if (platform !== "proxy") return [];
  return shift.steps.flatMap(({ cohort }, index) => {
    const problem = "can't be told apart by nginx and HAProxy here";
    const fix = "leave it out and begin with a small weight; platform `local` has cohorts";
    return cohort === null ? [] : [{ path: [...steps, index, "cohort"], problem, fix }];
  });
}

function proxyHasTheWeights({ platform, shift }: Settings): readonly Problem[] {
  if (platform !== "proxy") return [];
  const shares = ladder.filter((share) => share > 0 && share < 100);
  return shift.steps.flatMap(({ weight }, index) => {
    if (weight === null || shares.includes(weight)) return [];
    const near = shares.toSorted((a, b) => Math.abs(a - weight) - Math.abs(b - weight))[0] ?? 50;
    const problem = `is a share that the router can't be set to without a reload`;
    const fix = `write ${near}, or another one of ${shares.join(", ")}`;
    return [{ path: [...steps, index, "weight"], problem, fix }];
  });
}

/** Steps are a time in which both serve, and the pause is there so that they never do. */
function colorsMayMeet({ platform, shift, local }: Settings): readonly Problem[] {
  if (platform !== "local" || shift.steps.length === 0 || local.pauseMs === 0) return [];
  const problem = "is set, though the colors must never serve at once";
  const fix = "leave out the steps, or write a pause of 0s";
  return [{ path: steps, problem, fix, about: [["local", "pause"]] }];
}

function proxyHasACookie({ platform, shift, proxy }: Settings): readonly Problem[] {
  if (platform !== "proxy" || !shift.sticky || proxy.cookie !== null) return [];
  const problem = "needs the name of a cookie on this platform";
  const fix = "write one into proxy.cookie, such as place";
  return [{ path: ["shift", "sticky"], problem, fix }];
}
