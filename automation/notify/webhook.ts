/** Tells an address of the user's own: each piece of news as JSON, signed as webhooks of hooks are. */

import { createHash } from "node:crypto";

import type { NotifyTargetOf } from "../../infra/config.ts";
import { partsOfAddress } from "../../infra/hidden-values.ts";
import { targetOf } from "../../infra/probe/target.ts";
import { signedHeaders } from "../hooks/signature.ts";
import { isAlert } from "./news.ts";
import type { News } from "./news.ts";
import { post } from "./reply.ts";
import type { Target, Telling } from "./target.ts";
import { headlineOf, sentenceIn } from "./wording.ts";

type Settings = NotifyTargetOf<"webhook">;

/** Version of what is sent. */
const payloadSchema = 1;

/** The address may hold a token, so neither name nor key shows its path. */
export function webhookTarget(settings: Settings): Target {
  const { url } = settings;
  const origin = targetOf({ url })?.origin ?? "the webhook";
  const mark = createHash("sha256").update(url).digest("hex").slice(0, 16);
  return {
    name: origin,
    key: `webhook ${mark}`,
    tellsAll: true,
    wants: () => true,
    tell: (news, telling) => tell(settings, news, telling),
  };
}

async function tell(
  { url, secret, timeoutMs }: Settings,
  news: News,
  { remembered, remember, place, signal }: Telling,
): Promise<void> {
  if (remembered.told.includes(news.key)) return;
  const { rollout, key, standing, by, atMs } = news;
  const at = new Date(atMs).toISOString();
  const body = JSON.stringify({
    ...{ schema: payloadSchema, key, standing, alert: isAlert(news), rollout },
    ...{ headline: headlineOf(news), sentence: sentenceIn(news), by, at, ...place },
  });
  const headers = {
    ...signedHeaders(body, { secret, nowMs: Date.now() }),
    "idempotency-key": `${rollout?.id ?? "none"}:${key.replaceAll(" ", "-")}`,
  };
  const secrets = [secret, ...partsOfAddress(url)];
  await post({ url, path: "/…", headers, body, secrets, timeoutMs, signal });
  await remember({ ...remembered, told: [...remembered.told, key] });
}
