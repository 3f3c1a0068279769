/** Leaves nothing of the demo behind, however far it came. */

import { colors } from "../../infra/model.ts";
import { placeOf } from "../../infra/platforms/local/place.ts";
import { stopRouter } from "../../infra/platforms/local/router/client.ts";
import { stopColor } from "../../infra/platforms/local/supervisor/client.ts";
import { application, environment, removeProject } from "./project.ts";
import type { DemoProject } from "./project.ts";
import type { Stage } from "./stage.ts";

/** After a failure the load is gone, so nobody waits for an answer. */
const drainMs = 0;

/** Ends the load and every process that `bluegreen down` may have left, then the folder goes. */
export async function cleanUp(stage: Stage): Promise<void> {
  stage.killLoad();
  await endProcesses(stage.project);
  await removeProject(stage.project);
}

/** Directly: the engine may be what failed. Where nothing runs, nothing happens. */
async function endProcesses({ variables }: DemoProject): Promise<void> {
  const place = placeOf({ application, environment }, variables);
  await stopRouter(place.router);
  await Promise.all(colors.map((color) => stopColor(place.color[color], { drainMs })));
}
