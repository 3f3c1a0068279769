/** How long the lock of another update is waited for: as asked, and less for a way back. */

import { expect, test } from "vitest";
import { PulumiEnvironment } from "../../../automation/adapters/environment.ts";
import type { Clock } from "../../../infra/clock.ts";
import { parseSettings } from "../../../infra/config.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import type { Platform } from "../../../infra/platform.ts";
import type { Request } from "../../../infra/rules/request.ts";

const settings = parseSettings({
  environment: "dev",
  local: JSON.stringify({ command: ["application", "{port}"] }),
});

/** Milliseconds until the update gives up. */
async function waitedFor(request: Request, lockMs: number): Promise<number> {
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    sleep: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const locked = (): Promise<never> =>
    Promise.reject(new BlueGreenError("STACK_LOCKED", "another update holds the lock"));
  const nothing = (): Promise<never> => Promise.reject(new Error("not asked for"));
  const environment = new PulumiEnvironment({
    engine: { run: locked, outputs: nothing, ensureStack: nothing, removeStack: nothing },
    settings,
    platform: {} as Platform,
    lockMs,
    clock,
    takeOverLock: () => Promise.resolve(false),
    onEvent: () => undefined,
  });
  await expect(environment.updateRouter(request)).rejects.toMatchObject({ code: "STACK_LOCKED" });
  return nowMs;
}

const rollBack: Request = {
  kind: "RollBack",
  reason: "it fails",
  by: "alice",
  rolloutId: null,
  pin: true,
};

test.each<readonly [Request, number, number]>([
  [{ kind: "Keep" }, 30_000, 30_000],
  [rollBack, 30_000, 5_000],
  [rollBack, 2_000, 2_000],
])("$kind waits for at most %i ms: %i ms", async (request, lockMs, expected) => {
  expect(await waitedFor(request, lockMs)).toBe(expected);
});
