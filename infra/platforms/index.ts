/** The registry of platforms: one line each. */

import type { Settings } from "../config.ts";
import { withOwnColor } from "../own-color/platform.ts";
import type { Platform } from "../platform.ts";
import { local } from "./local/index.ts";
import { proxy } from "./proxy/index.ts";

const platforms: Readonly<Record<Settings["platform"], Platform>> = {
  local: withOwnColor(local),
  proxy: withOwnColor(proxy),
};

export function platformOf(settings: Settings): Platform {
  return platforms[settings.platform];
}
