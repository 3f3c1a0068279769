/** Who made an update, as a part of its message: the engine's history doesn't keep it. Pure. */

import type { Owner } from "../../infra/model.ts";
import { personOf } from "../../infra/rules/owner.ts";

const form = /^(?<text>[\s\S]*) \[(?<who>[^[\]]+ on [^[\]]+)\]$/;

/** `switch (r-1)` becomes `switch (r-1) [ann on build-3]`. */
export function signMessage(message: string, owner: Pick<Owner, "user" | "host">): string {
  return `${message} [${personOf(owner).replaceAll(/[[\]\r\n]/g, " ")}]`;
}

/** The message without its signature; `who` is null where there is none. */
export function readSignature(message: string): {
  readonly text: string;
  readonly who: string | null;
} {
  const { text, who } = form.exec(message)?.groups ?? {};
  return text === undefined || who === undefined ? { text: message, who: null } : { text, who };
}
