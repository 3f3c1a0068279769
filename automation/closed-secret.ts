/** Whether a check or a metric has values that only the engine can read. */

import { opaqueSecret } from "../infra/config.ts";
import type { Check, Metric } from "../infra/config.ts";

/** True where such a value is still closed; opened settings have it in clear. */
export function hasClosedSecret(asked: Check | Metric): boolean {
  const maps = ["env" in asked ? asked.env : {}, "headers" in asked ? asked.headers : {}];
  return maps.some((map) => Object.values(map).includes(opaqueSecret));
}
