/** The engine or its provider was ended in the middle of an update, by whomever. */

import { BlueGreenError } from "../infra/errors.ts";
import type { ErrorDetail } from "../infra/errors.ts";

/** Nothing says that trying again would fail as well: the loop does so once. */
export class EngineDied extends BlueGreenError {
  constructor(stack: string, detail: ErrorDetail) {
    super("ENGINE_FAILED", `the Pulumi engine ended in the middle of stack ${stack}`, detail);
  }
}
