/** Translates what Node says of a failed exchange into how far it came and why it ended. */

import type { ProbeResult, Reached } from "./result.ts";

type Unreachable = Extract<ProbeResult, { kind: "unreachable" }>;

const maxReason = 200;

/** Code of a name that leads to an address that is never asked; its message is the reason. */
export const refusedCode = "EREFUSEDHOST";

const known: Readonly<Record<string, readonly [Reached, string]>> = {
  ECONNREFUSED: ["host", "connection refused"],
  ECONNRESET: ["server", "the connection was closed without a whole answer"],
  EPIPE: ["server", "the connection was closed without a whole answer"],
  ENOTFOUND: ["network", "the host name can't be resolved"],
  EAI_AGAIN: ["network", "the host name can't be resolved now"],
  EHOSTUNREACH: ["network", "no route to the host"],
  ENETUNREACH: ["network", "no route to the host"],
  ETIMEDOUT: ["network", "no connection to the host"],
};

export function unreachable(reached: Reached, reason: string): Unreachable {
  return { kind: "unreachable", reached, reason };
}

/** Codes that no line above names are told apart by the system call that failed. */
export function unreachableBy(error: Error): Unreachable {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === refusedCode) return unreachable("nothing", error.message);
  const entry = code === undefined ? undefined : known[code];
  if (entry !== undefined) return unreachable(...entry);
  const text = (code === undefined ? error.message : `${error.message} (${code})`).slice(
    0,
    maxReason,
  );
  if (syscall === "connect" || syscall === "getaddrinfo") return unreachable("network", text);
  if (code?.startsWith("HPE_")) return unreachable("server", `the answer isn't HTTP (${code})`);
  return unreachable("server", text);
}
