/** The registry of whom a rollout may tell: a new kind is one file, and one line here. */

import { opaqueSecret } from "../../infra/config.ts";
import type { NotifyTarget, Settings } from "../../infra/config.ts";
import { revealedSettings } from "../release.ts";
import type { Revealing } from "../release.ts";
import { githubTarget } from "./github.ts";
import { slackTarget } from "./slack.ts";
import type { Target } from "./target.ts";
import { webhookTarget } from "./webhook.ts";

/** @param env where CI and the user put what isn't set */
export function targetOf(
  settings: NotifyTarget,
  env: Readonly<Record<string, string | undefined>>,
): Target {
  switch (settings.kind) {
    case "slack":
      return slackTarget(settings);
    case "webhook":
      return webhookTarget(settings);
    case "github":
      return githubTarget(settings, env);
  }
}

/** True where a value is still closed that only the engine can read. */
export function hasClosedSecret(target: NotifyTarget): boolean {
  const value = target.kind === "webhook" ? target.secret : target.token;
  return value === opaqueSecret;
}

/**
 * The targets with their secrets in clear; the same where none has any.
 * @throws PASSPHRASE_WRONG, ENGINE_FAILED
 */
export async function openTargets(session: Revealing): Promise<Settings["notify"]> {
  const { notify } = session.settings;
  if (!notify.some(hasClosedSecret)) return notify;
  return (await revealedSettings(session))?.notify ?? notify;
}
