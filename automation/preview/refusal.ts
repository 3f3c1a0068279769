/** Which errors are an answer to "what would happen?", and which mean that nobody could say. Pure. */

import type { BlueGreenError, ErrorCode } from "../../infra/errors.ts";
import { errorKinds } from "../../infra/errors.ts";

const stops: ReadonlySet<ErrorCode> = new Set([
  "ROUTER_DOWN",
  "HOST_UNREACHABLE",
  "DRIFT",
  "CLAIMED",
  "ROLLOUT_OPEN",
  "FIRST_RELEASE_FAILING",
]);

/** True where the rules refuse; false where the engine, the backend or the settings failed. */
export function isRefusal({ code }: BlueGreenError): boolean {
  return errorKinds[code].exit === "notSwitched" || stops.has(code);
}
