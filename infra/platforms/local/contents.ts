/** What really runs in a color of this machine, as its supervisor tells it. */

import type { Settings } from "../../config.ts";
import type { Color } from "../../model.ts";
import type { Contents } from "../../platform.ts";
import { placeOf } from "./place.ts";
import { askColor } from "./supervisor/client.ts";
import { colorFolder, instanceLog } from "./supervisor/color-folder.ts";
import { tailLines } from "./supervisor/log-files.ts";
import { instanceToBlame } from "./supervisor/not-ready.ts";

/** Null where no supervisor answers. */
export async function contentsOf(settings: Settings, color: Color): Promise<Contents | null> {
  if (settings.application === null) return null;
  const dir = placeOf(settings).color[color];
  const status = await askColor(dir);
  if (status === null) return null;
  const { rolloutId, version, ready, total, crashLoop } = status;
  const blamed = instanceToBlame(status);
  const [lastLine = null] = blamed ? tailLines(instanceLog(colorFolder(dir), blamed.index), 1) : [];
  return {
    rolloutId,
    version,
    ready,
    total,
    crashLoop,
    restarts: blamed?.restarts ?? 0,
    problem: blamed?.problem ?? null,
    lastLine,
  };
}
