/** What the stack's history says of a switch: an overridden freeze stays to be read. */

import { expect, test } from "vitest";
import { PulumiEnvironment } from "../../../automation/adapters/environment.ts";
import { parseSettings } from "../../../infra/config.ts";
import { emptyRecord } from "../../../infra/model.ts";
import type { Platform } from "../../../infra/platform.ts";
import type { Request } from "../../../infra/rules/request.ts";

const nowMs = Date.parse("2026-12-24T12:00:00Z");

const settings = parseSettings({
  environment: "dev",
  local: JSON.stringify({ command: ["application", "{port}"] }),
  freeze: JSON.stringify({ windows: [{ start: "2026-12-24T00:00", for: "24h" }] }),
});

interface Moment {
  readonly override: string | null;
  readonly atMs?: number;
}

/** Message of the update that the request leads to. */
async function messageFor(request: Request, { override, atMs = nowMs }: Moment): Promise<string> {
  const messages: string[] = [];
  const nothing = (): Promise<never> => Promise.reject(new Error("not asked for"));
  const environment = new PulumiEnvironment({
    engine: {
      run: ({ message, context }) => {
        messages.push(message);
        context.on?.({ kind: "Planned", record: emptyRecord });
        return Promise.resolve([]);
      },
      outputs: nothing,
      ensureStack: nothing,
      removeStack: nothing,
    },
    settings,
    platform: {} as Platform,
    lockMs: 0,
    clock: { now: () => atMs, sleep: nothing },
    takeOverLock: () => Promise.resolve(false),
    overrideFreeze: override,
    onEvent: () => undefined,
  });
  await environment.updateRouter(request);
  return messages.join();
}

const toGreen: Request = {
  kind: "Switch",
  rolloutId: "r-1",
  digest: "sha-1",
  start: null,
  holdUntil: null,
};

test("a switch in a freeze names the reason that overrides it", async () => {
  const message = await messageFor(toGreen, { override: "carts fail" });
  expect(message).toBe("switch (r-1), despite the freeze: carts fail");
});

test("so does a first share of the traffic", async () => {
  const weights = { blue: 90, green: 10 };
  const shift = { kind: "Shift", rolloutId: "r-1", digest: "sha-1", weights } as const;
  expect(await messageFor(shift, { override: "carts fail" })).toBe(
    "shift to blue 90 / green 10, despite the freeze: carts fail",
  );
});

test("a switch in a freeze that nothing overrides doesn't claim so", async () => {
  expect(await messageFor(toGreen, { override: null })).toBe("switch (r-1)");
});

test("a reason without a freeze, and what isn't a switch, aren't worth a word", async () => {
  const later = nowMs + 48 * 3_600_000;
  const thawed = await messageFor(toGreen, { override: "carts fail", atMs: later });
  expect(thawed).toBe("switch (r-1)");
  const deactivate = await messageFor({ kind: "Deactivate" }, { override: "carts fail" });
  expect(deactivate).toBe("stop serving");
});
