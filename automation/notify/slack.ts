/** Tells Slack: one message per rollout that is edited, and one reply in its thread per incident. */

import { placeToldBy } from "../../infra/config.ts";
import type { NotifyTargetOf } from "../../infra/config.ts";
import { hideIn, partsToHide } from "../../infra/hidden-values.ts";
import { jsonAt } from "../../infra/probe/json.ts";
import { plainText } from "../report/plain-text.ts";
import { quoted } from "../report/safe-text.ts";
import { isAlert } from "./news.ts";
import type { News } from "./news.ts";
import { NotTold, post, retryAfterMs } from "./reply.ts";
import type { Remembered, Target, Telling } from "./target.ts";
import { headlineOf, sentenceIn } from "./wording.ts";
import type { Place } from "./wording.ts";

type Settings = NotifyTargetOf<"slack">;

/** Errors that pass by themselves. */
const passing: ReadonlySet<string> = new Set([
  "ratelimited",
  "rate_limited",
  "message_limit_exceeded",
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
]);

/** The message was deleted, or can't be edited any more: a new one takes its place. */
const lost: ReadonlySet<string> = new Set([
  "message_not_found",
  "edit_window_closed",
  "cant_update_message",
]);

export function slackTarget(settings: Settings): Target {
  return {
    name: `Slack (${settings.channel})`,
    key: placeToldBy(settings),
    tellsAll: false,
    wants: () => true,
    tell: (news, telling) => tell(settings, news, telling),
  };
}

async function tell(settings: Settings, news: News, telling: Telling): Promise<void> {
  const { remembered, remember, place } = telling;
  const alert = isAlert(news);
  if (alert && remembered.told.includes(news.key)) return;
  const told = alert ? [...remembered.told, news.key] : remembered.told;
  const text = messageOf(news, place);
  if (news.rollout === null) {
    await send(settings, { text }, telling);
    await remember({ ...remembered, told });
    return;
  }
  const { id, channel = settings.channel } = remembered;
  const edited = id !== null && (await edit(settings, { text, id, channel }, telling));
  if (!edited) {
    await remember({ ...(await send(settings, { text }, telling)), text, told });
    return;
  }
  await remember({ ...remembered, text });
  if (!alert) return;
  await send(settings, { text, thread_ts: id, reply_broadcast: true }, telling);
  await remember({ ...remembered, text, told });
}

/** False where the message isn't there any more. */
async function edit(
  settings: Settings,
  { text, id, channel }: { readonly text: string; readonly id: string; readonly channel: string },
  telling: Telling,
): Promise<boolean> {
  if (telling.remembered.text === text) return true;
  // Without `parse` an edit would look for links and names, unlike a new message.
  const body = { channel, ts: id, text, parse: "none", link_names: false };
  const { document, error } = await call(settings, "chat.update", body, telling, lost);
  return error === null && jsonAt(document, "ok") === true;
}

/** A message that is new in the channel, or a reply. */
async function send(
  settings: Settings,
  message: Readonly<Record<string, unknown>>,
  telling: Telling,
): Promise<Pick<Remembered, "id" | "channel">> {
  const quiet = { parse: "none", link_names: false, unfurl_links: false, unfurl_media: false };
  const body = { channel: settings.channel, ...message, ...quiet };
  const { document, where } = await call(settings, "chat.postMessage", body, telling);
  const ts = jsonAt(document, "ts");
  if (typeof ts !== "string") {
    throw new NotTold(`${where} took chat.postMessage, and named no message`, null);
  }
  const channel = jsonAt(document, "channel");
  return { id: ts, channel: typeof channel === "string" ? channel : settings.channel };
}

interface Called {
  readonly document: unknown;
  readonly where: string;
  /** One of the errors that were allowed; null: there was none. */
  readonly error: string | null;
}

/** Slack says what went wrong in the body; the status is 200 all the same. */
async function call(
  { api, token, timeoutMs }: Settings,
  method: string,
  body: Readonly<Record<string, unknown>>,
  { signal }: Telling,
  allowed: ReadonlySet<string> = new Set(),
): Promise<Called> {
  const { document, where, headers } = await post({
    url: `${api.replace(/\/+$/, "")}/${method}`,
    path: `/…/${method}`,
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    secrets: [token],
    timeoutMs,
    signal,
  });
  if (jsonAt(document, "ok") === true) return { document, where, error: null };
  const error = jsonAt(document, "error");
  if (typeof error !== "string") throw new NotTold(`${where} isn't Slack's API`, null);
  if (allowed.has(error)) return { document, where, error };
  const againMs = passing.has(error) ? (retryAfterMs(headers) ?? 0) : null;
  const said = quoted(hideIn(error, partsToHide([token]), "***"));
  throw new NotTold(`${where} refused ${method}: ${said}`, againMs);
}

/** Slack acts on these three letters only; a name behind @ is parted from it. */
export function slackText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("@", "@\u200b");
}

function messageOf(news: News, { application, environment }: Place): string {
  const head = `*${slackText(`${application} ${environment}`)}*: ${slackText(headlineOf(news))}`;
  const rollout = news.rollout === null ? "" : `, ${news.rollout.id}`;
  const from = `by ${plainText(news.by)}${rollout}`;
  return [head, slackText(sentenceIn(news)), slackText(from)].join("\n");
}
