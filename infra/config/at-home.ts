/** Whether all of an environment is on this machine, so that nobody elsewhere could continue it. */

import type { Settings } from "./settings.ts";

export function isAtHome({ platform, proxy }: Settings): boolean {
  return platform === "local" || (proxy.ssh === null && proxy.colors.kind === "process");
}
