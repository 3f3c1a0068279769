/** An engine that doesn't come to the flip of a rollout's own way back. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PulumiEnvironment } from "../../../automation/adapters/environment.ts";
import type { Call } from "../../../automation/adapters/engine.ts";
import { parseSettings } from "../../../infra/config.ts";
import type { Platform } from "../../../infra/platform.ts";
import type { Request } from "../../../infra/rules/request.ts";

const settings = parseSettings({
  environment: "dev",
  local: JSON.stringify({ command: ["application", "{port}"] }),
});
const back: Request = { kind: "RollBack", reason: "it fails", by: "a", rolloutId: null, pin: true };
const keep: Request = { kind: "Keep" };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

function environmentOn(run: (call: Call) => Promise<never>): PulumiEnvironment {
  const nothing = (): Promise<never> => Promise.reject(new Error("not asked for"));
  return new PulumiEnvironment({
    engine: { run, outputs: nothing, ensureStack: nothing, removeStack: nothing },
    settings,
    platform: {} as Platform,
    lockMs: 600_000,
    takeOverLock: () => Promise.resolve(false),
    onEvent: () => undefined,
  });
}

/** Milliseconds until it is given up, and the engine told so; null: within ten minutes it isn't. */
async function givenUpAfter(environment: PulumiEnvironment, request: Request) {
  let failed: unknown = null;
  const began = performance.now();
  const ending = environment.updateRouter(request).then(
    () => expect.fail("it ended well"),
    (error: unknown) => (failed = error),
  );
  for (let waited = 0; failed === null && waited < 600; waited += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
  }
  if (failed === null) return null;
  await ending;
  expect(failed).toMatchObject({ code: "ENGINE_FAILED" });
  return Math.round((performance.now() - began) / 1_000) * 1_000;
}

test("a way back has 5 s, what follows it a minute, other updates the time they need", async () => {
  const calls: Call[] = [];
  const environment = environmentOn((call) => {
    calls.push(call);
    return new Promise<never>(() => undefined);
  });
  expect(await givenUpAfter(environment, keep)).toBeNull();
  expect(await givenUpAfter(environment, back)).toBe(5_000);
  expect(await givenUpAfter(environment, keep)).toBe(60_000);
  expect(calls.map(({ signal }) => signal?.aborted)).toEqual([undefined, true, true]);
});

test("a flip that has begun is never cut short", async () => {
  const environment = environmentOn(({ context }) => {
    context.on?.({ kind: "Flipping" });
    return new Promise<never>(() => undefined);
  });
  expect(await givenUpAfter(environment, back)).toBeNull();
});
