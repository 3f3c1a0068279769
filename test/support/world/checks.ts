/** Simulated checks: they ask the instances that the color's stack names, and take their time. */

import type { Checks } from "../../../automation/ports.ts";
import type { Color, Verdict } from "../../../infra/model.ts";
import type { Observed } from "../../../infra/observation.ts";
import type { SimulatedProcess } from "./state.ts";
import type { World } from "./world.ts";

/** What they have met may be long gone when their run goes on. */
export function simulatedChecks(world: World, process: SimulatedProcess): Checks {
  return {
    run: async (view, color) => {
      await world.schedule.pause(process, `checks ${color}`, 1_000);
      const verdict = check(world, view, color);
      await world.schedule.pause(process, `has checked ${color}`);
      return verdict;
    },
  };
}

/** The instances must be what the color's stack says. */
function check({ state, plane }: World, view: Observed, color: Color): Verdict {
  const outputs = view.colors[color];
  const fill = state.fills[color];
  const asked = outputs?.addresses ?? [];
  const well = asked.length > 0 && asked.every((each) => fill?.addresses.includes(each));
  if (!well || fill?.release.digest !== outputs?.release.digest) return "fail";
  if (fill && plane.behaviourOf(fill.release).failsChecks) return "fail";
  state.checked.push(...asked);
  return "pass";
}
