/** What keeps the engine from returning traffic, and not the router from being written directly. Pure. */

import { BlueGreenError } from "../../infra/errors.ts";
import type { ErrorCode } from "../../infra/errors.ts";

const codes: ReadonlySet<ErrorCode> = new Set([
  "STACK_LOCKED",
  "ENGINE_FAILED",
  "ENGINE_MISSING",
  "PLAN_REFUSED",
  "BACKEND_MISSING",
  "BACKEND_UNREACHABLE",
  "PASSPHRASE_WRONG",
  "RECORD_BROKEN",
  "STATE_BROKEN",
  "STORE_FAILED",
  "COLOR_BUSY",
  "ROUTER_BUSY",
  "ROUTER_REFUSED",
]);

export function isEnginesFault(error: unknown): error is BlueGreenError {
  return error instanceof BlueGreenError && codes.has(error.code);
}
