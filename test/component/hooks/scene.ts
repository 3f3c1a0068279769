/** What hooks get in these tests: a deployment of release 2 into green. */

import type { HookScene } from "../../../automation/hooks/runner.ts";
import type { RunHooks } from "../../../automation/rollout/action.ts";
import { systemClock } from "../../../infra/clock.ts";
import type { Hook } from "../../../infra/config.ts";
import type { HookStage } from "../../../infra/hook-stages.ts";

export function dueAt(stage: HookStage): RunHooks {
  const subject = {
    id: "r-2",
    color: "green",
    former: "blue",
    version: "2",
    digest: "sha-2",
    phase: "check",
  } as const;
  return { kind: "RunHooks", stage, subject };
}

export function sceneOf(over: Partial<HookScene> = {}): HookScene {
  return {
    environment: "dev",
    application: "shop",
    cwd: import.meta.dirname,
    env: process.env,
    addresses: ["127.0.0.1:1"],
    url: "http://127.0.0.1:3",
    preview: true,
    clock: systemClock,
    signal: new AbortController().signal,
    ended: () => Promise.resolve(null),
    ...over,
  };
}

const common = { timeoutMs: 5_000, retries: 0, onFailure: "stop", env: {} } as const;

/** Runs a Node.js script. */
export function scriptHook(script: string, over: Partial<Hook> = {}): Hook {
  const argv = [process.execPath, "-e", script];
  return { ...common, stage: "POST_SCALE_UP", argv, webhook: null, secret: null, ...over };
}

export const secret = "a-long-random-text";

export function webhookHook(webhook: string, over: Partial<Hook> = {}): Hook {
  return { ...common, stage: "POST_SCALE_UP", argv: null, webhook, secret, ...over };
}
