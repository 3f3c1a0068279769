/** The registry of platforms: one line each. */

import type { Settings } from "../config.ts";
import { withOwnColor } from "../own-color/platform.ts";
import type { Platform } from "../platform.ts";
import { local } from "./local/index.ts";
import { proxy } from "./proxy/index.ts";

const platforms: Readonly<Record<Settings["platform"], Platform>> = { local, proxy };

/** Each may have to route to colors that the user's own component makes. */
const inUse = Object.fromEntries(
  Object.entries(platforms).map(([name, platform]) => [name, withOwnColor(platform)]),
) as typeof platforms;

export function platformOf(settings: Settings): Platform {
  return inUse[settings.platform];
}
