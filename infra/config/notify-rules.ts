/** What must fit together in whom a rollout tells; each rule names the field to change. */

import type { z } from "zod";

import { targetOf } from "../probe/target.ts";
import { keyProblem, writeKey } from "./hook-rules.ts";

/** A token crosses no network in clear. */
export function tokenStaysSecret(
  { api }: { readonly api: string },
  context: z.RefinementCtx,
): void {
  const target = targetOf({ url: api });
  if (target === null || target.secure || target.loopback) return;
  const message = "would be sent the token in clear";
  const fix = "write an https URL";
  context.addIssue({ code: "custom", path: ["api"], message, params: { fix } });
}

/** What a webhook is told is signed as a hook's requests are. */
export function keyIsLong({ secret }: { readonly secret: string }, context: z.RefinementCtx): void {
  const message = keyProblem(secret);
  if (message === null) return;
  context.addIssue({ code: "custom", path: ["secret"], message, params: { fix: writeKey } });
}
