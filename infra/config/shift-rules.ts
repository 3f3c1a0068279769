/** Rules about the steps of a shift, and what the chosen platform can do of them. */

import { ladder } from "../platforms/proxy/state.ts";
import type { Path } from "./path.ts";
import type { Problem } from "./problems.ts";
import type { Settings } from "./settings.ts";

const steps: Path = ["shift", "steps"];

export const shiftRules: readonly {
  readonly rule: (settings: Settings) => readonly Problem[];
  readonly reads: readonly Path[];
}[] = [
  { rule: weightsRise, reads: [steps] },
  { rule: proxyHasTheWeights, reads: [["platform"], steps] },
  { rule: colorsMayMeet, reads: [["platform"], steps, ["local", "pause"]] },
  { rule: proxyHasACookie, reads: [["platform"], ["shift", "sticky"], ["proxy", "cookie"]] },
];

/** Which step a rollout is in is told by its share alone. */
function weightsRise({ shift }: Settings): readonly Problem[] {
  return shift.steps.flatMap(({ weight }, index) => {
    const before = shift.steps[index - 1]?.weight ?? 0;
    if (weight > before) return [];
    const about: Path[] = [[...steps, index - 1, "weight"]];
    const problem = "isn't more than the step before has";
    return [{ path: [...steps, index, "weight"], problem, fix: "write rising shares", about }];
  });
}

function proxyHasTheWeights({ platform, shift }: Settings): readonly Problem[] {
  if (platform !== "proxy") return [];
  const shares = ladder.filter((share) => share > 0 && share < 100);
  return shift.steps.flatMap(({ weight }, index) => {
    if (shares.includes(weight)) return [];
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
