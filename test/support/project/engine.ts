/** Decides whether tests on the real engine run: skipped with a reason, or demanded. */

import { describe } from "vitest";
import { findEngine } from "../../../automation/engine/location.ts";
import type { Engine } from "../../../automation/engine/location.ts";
import { BlueGreenError, formatError } from "../../../infra/errors.ts";

/** With this variable set to 1, a missing engine fails the tests instead of skipping them. */
export const requireAll = process.env["BLUEGREEN_REQUIRE_ALL"] === "1";

const found = await lookForEngine();

/** Null where this machine has none: nothing is fetched for a test. */
export const engine: Engine | null = typeof found === "string" ? null : found;

/** @throws Error where none is there */
export function neededEngine(): Engine {
  if (typeof found !== "string") return found;
  throw new Error(`these tests need the Pulumi engine: ${found}`);
}

/** `describe` for tests on the real engine. */
export function describeOnEngine(name: string, tests: () => void): void {
  if (engine === null && !requireAll) {
    console.warn(`skipped, no Pulumi engine on this machine: ${name}`);
    describe.skip(name, tests);
    return;
  }
  describe(name, tests);
}

/**
 * Why a test is skipped that also needs something else of the machine; printed by the runner.
 * @throws Error where everything is required
 */
export function skipReason(missing: string): string {
  if (requireAll) throw new Error(`required, but ${missing}`);
  return missing;
}

async function lookForEngine(): Promise<Engine | string> {
  try {
    return await findEngine({ env: process.env, allowFetch: false });
  } catch (error) {
    if (error instanceof BlueGreenError) return formatError(error);
    throw error;
  }
}
