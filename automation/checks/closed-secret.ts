/** Whether a check has values that only the engine can read. */

import { opaqueSecret } from "../../infra/config.ts";
import type { Check } from "../../infra/config.ts";

/** True where such a value is still closed; opened settings have it in clear. */
export function hasClosedSecret(check: Check): boolean {
  const maps = ["env" in check ? check.env : {}, "headers" in check ? check.headers : {}];
  return maps.some((map) => Object.values(map).includes(opaqueSecret));
}
