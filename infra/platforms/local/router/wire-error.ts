/** Carries errors between the router's process and those who asked it. */

import type { ErrorCode } from "../../../errors.ts";
import { BlueGreenError, errorKinds, messageOf } from "../../../errors.ts";
import type { WireError } from "./protocol.ts";

/** Anything that was thrown, ready to travel. */
export function toWire(error: unknown): WireError {
  const known = error instanceof BlueGreenError ? error : null;
  return {
    code: known?.code ?? "ROUTER_DOWN",
    message: messageOf(error),
    hint: known?.hint ?? null,
    details: known?.details ?? [],
  };
}

/** An error that travelled, in its own class again; ROUTER_DOWN for a code from elsewhere. */
export function fromWire(wire: WireError): BlueGreenError {
  const code = Object.hasOwn(errorKinds, wire.code) ? (wire.code as ErrorCode) : "ROUTER_DOWN";
  return new BlueGreenError(code, wire.message, {
    ...(wire.hint === null ? {} : { hint: wire.hint }),
    details: wire.details,
  });
}
