/** How often the stacks are read: a look ahead of a loop is the loop's first one as well, no other is. */

import { expect, test } from "vitest";
import { PulumiEnvironment } from "../../../automation/adapters/environment.ts";
import type { Look } from "../../../automation/ports.ts";
import { parseSettings } from "../../../infra/config.ts";
import type { Platform } from "../../../infra/platform.ts";
import { viewOf } from "../rules/views.ts";

const settings = parseSettings({
  environment: "dev",
  local: JSON.stringify({ command: ["application", "{port}"] }),
});

/** Times that the stacks were read for these looks, so many milliseconds apart. */
async function readsFor(looks: readonly Look[], apartMs = 1_000): Promise<number> {
  let [reads, nowMs] = [0, 0];
  const nothing = (): Promise<never> => Promise.reject(new Error("not asked for"));
  const platform: Partial<Platform> = { read: () => Promise.resolve(viewOf({}).reading) };
  const environment = new PulumiEnvironment({
    engine: {
      run: nothing,
      outputs: ({ color }) => {
        if (color === null) reads += 1;
        return Promise.resolve({});
      },
      ensureStack: nothing,
      removeStack: nothing,
    },
    settings,
    platform: platform as Platform,
    lockMs: 1_000,
    clock: { now: () => nowMs, sleep: nothing },
    takeOverLock: () => Promise.resolve(false),
    onEvent: () => undefined,
  });
  for (const look of looks) {
    await environment.observe(look);
    nowMs += apartMs;
  }
  return reads;
}

const ahead: Look = { fresh: true, ahead: true };
const fresh: Look = { fresh: true };
const known: Look = { fresh: false };

test.each<readonly [string, readonly Look[], number]>([
  ["a command and its loop", [ahead, fresh], 1],
  ["a loop that looks again", [ahead, fresh, fresh], 2],
  ["two looks of a loop", [fresh, fresh], 2],
  ["looks at what is known", [fresh, known, known], 1],
])("the stacks are read as often as needed: %s", async (_name, looks, expected) => {
  expect(await readsFor(looks)).toBe(expected);
});

test("a loop that begins late looks itself", async () => {
  expect(await readsFor([ahead, fresh], 5_000)).toBe(2);
});
