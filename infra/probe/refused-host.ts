/** Hosts that are never asked: those where clouds hand out credentials, under any name. */

import { lookup as systemLookup } from "node:dns";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { hostProblem } from "../config/address.ts";
import { refusedCode } from "./failure.ts";

/** The reason as words, after "got no answer:"; null for a host that may be asked. */
export function refusalOf(host: string): string | null {
  const problem = hostProblem(host);
  return problem === null ? null : `it isn't asked, since ${host} ${problem}`;
}

/** Looks names up, and refuses one that leads to such an address, among others or alone. */
export function guarding(lookup: LookupFunction): LookupFunction {
  return (name, options, done) => {
    lookup(name, options, (error, found, family) => {
      const refusal = error === null ? refusalOfAny(found) : null;
      if (refusal === null) done(error, found, family);
      else done(Object.assign(new Error(refusal), { code: refusedCode }), "", 0);
    });
  };
}

export const guardedLookup: LookupFunction = guarding(systemLookup);

function refusalOfAny(found: string | readonly LookupAddress[]): string | null {
  const addresses = typeof found === "string" ? [found] : found.map(({ address }) => address);
  return addresses.map(refusalOf).find((refusal) => refusal !== null) ?? null;
}
