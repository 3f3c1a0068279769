/** Assertions on a command's end that show what it said when they fail. */

import { expect } from "vitest";
import { underSteadyLoad } from "../steady-load.ts";
import type { Run } from "./command.ts";
import type { Project } from "./project.ts";

export function expectExit(run: Run, code: number): void {
  expect(run.code, run.output).toBe(code);
}

/** One error with its stable code on stderr, a hint that helps, and the exit code. */
export function expectError(
  run: Run,
  expected: { readonly exit: number; readonly code: string; readonly says?: RegExp },
): void {
  expectExit(run, expected.exit);
  expect(run.stderr).toMatch(new RegExp(`^${expected.code}: `, "m"));
  expect(run.stderr).toMatch(/^hint: \S/m);
  if (expected.says) expect(run.stderr).toMatch(expected.says);
}

/** The command succeeds, and of a steady load on the public address meanwhile nothing is lost. */
export async function expectNothingLost(
  { url }: Pick<Project, "url">,
  work: () => Promise<Run>,
): Promise<Run> {
  const load = { url: `${url}/`, ratePerSecond: 50 };
  const { result, count } = await underSteadyLoad(load, work);
  expectExit(result, 0);
  expect(count.failures, result.output).toEqual([]);
  expect(count.sent).toBeGreaterThan(5);
  return result;
}
