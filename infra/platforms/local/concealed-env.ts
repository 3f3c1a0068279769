/** Environment variables as a part of a public digest: their values may be secret, and weak. */

import { scrypt } from "node:crypto";

import { canonicalJson } from "./supervisor/canonical-json.ts";

/** About 0.1 s and 32 MB for a guess at all values at once. */
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const bytes = 32;

/** The names in clear, and one slow hash over all values; it is the same on every machine. */
export interface ConcealedEnv {
  readonly names: readonly string[];
  readonly values: string;
}

/**
 * The application's id is the salt: it is in the settings file, so every checkout has it, and tables
 * that were made for one application say nothing of another.
 */
export async function concealEnv(
  env: Readonly<Record<string, string>>,
  application: string | null,
): Promise<ConcealedEnv> {
  const names = Object.keys(env).sort();
  if (names.length === 0) return { names, values: "" };
  const salt = `bluegreen release of ${application ?? "an application without a name"}`;
  return { names, values: await slowHash(canonicalJson(env), salt) };
}

function slowHash(text: string, salt: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  scrypt(text, salt, bytes, cost, (error, key) => {
    if (error) reject(error);
    else resolve(key.toString("hex"));
  });
  return promise;
}
