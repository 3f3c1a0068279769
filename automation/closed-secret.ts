/** Whether a part of the settings has values that only the engine can read. */

import { opaqueSecret } from "../infra/config.ts";
import type { Check, Hook, Metric, NotifyTarget, Settings } from "../infra/config.ts";

type Migration = NonNullable<Settings["migrations"]["contract"]>;

/** True where such a value is still closed; opened settings have it in clear. */
export function hasClosedSecret(part: Check | Metric | Hook | NotifyTarget | Migration): boolean {
  const maps = ["env" in part ? part.env : {}, "headers" in part ? part.headers : {}];
  const keys = ["secret" in part ? part.secret : null, "token" in part ? part.token : null];
  return [...keys, ...maps.flatMap((map) => Object.values(map))].includes(opaqueSecret);
}
