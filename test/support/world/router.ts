/** The simulated router as whoever writes it past the engine sees it. */

import type { Written } from "../../../automation/operations/direct-flip.ts";
import type { Settings } from "../../../infra/config.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { SimulatedProcess } from "./state.ts";
import { servedWeights } from "./state.ts";
import type { World } from "./world.ts";

export function routerOf(world: World, process: SimulatedProcess, settings: Settings): Written {
  const { plane, state, schedule } = world;
  return {
    platform: {
      name: "simulated",
      url: () => "http://simulated",
      read: ({ colors: outputs }) => Promise.resolve(plane.read(outputs)),
      flip: (_scope, routes) => {
        if (world.directFails) throw new BlueGreenError("ROUTER_DOWN", "it doesn't answer");
        plane.flip(routes);
        return schedule.pause(process, "has gone direct");
      },
    },
    settings,
    clock: schedule.clockOf(process),
    prove: ({ color }) => {
      const served = servedWeights(state)[color] === 100;
      const answers = { blue: 0, green: 0, unnamed: 0, unanswered: 0 };
      return Promise.resolve({ served, answers, errors: 0, failing: false, reason: "simulated" });
    },
  };
}
