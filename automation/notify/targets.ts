/** The registry of whom a rollout may tell: a new kind is one file, and one line here. */

import type { NotifyTarget } from "../../infra/config.ts";
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
