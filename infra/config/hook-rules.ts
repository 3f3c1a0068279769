/** What must fit together within one hook; each rule names the field to change. */

import type { z } from "zod";

import { opaqueSecret } from "./opaque-secret.ts";

/** A shorter key is found by trying, from one signature. */
const minKeyLength = 16;

export const writeKey = "write a long random text";

/** Why a key isn't one that signs requests; null where it is, or where it is closed. */
export function keyProblem(key: string): string | null {
  if (key === opaqueSecret || key.length >= minKeyLength) return null;
  return `is shorter than ${minKeyLength} characters, so it could be guessed`;
}

interface Ways {
  readonly argv: readonly string[] | null;
  readonly env: Readonly<Record<string, string>>;
  readonly webhook: string | null;
  readonly secret: string | null;
}

export function programOrWebhook(
  { argv, env, webhook, secret }: Ways,
  context: z.RefinementCtx,
): void {
  const refuse = (field: keyof Ways, message: string, fix: string): void => {
    context.addIssue({ code: "custom", path: [field], message, params: { fix } });
  };
  if (argv === null && webhook === null) {
    refuse("argv", "is missing: nothing would run", "write argv, or webhook and secret");
  } else if (argv !== null && webhook !== null) {
    refuse("webhook", "is a second thing to run", "write two hooks of that stage");
  } else if (webhook === null) {
    if (secret !== null) refuse("secret", "is for a webhook", "remove it, or put it into env");
  } else {
    const problem =
      secret === null ? "is missing: a webhook's requests are signed" : keyProblem(secret);
    if (problem !== null) refuse("secret", problem, writeKey);
    if (Object.keys(env).length > 0) refuse("env", "is for a program", "remove it");
  }
}
