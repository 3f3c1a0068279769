/** Whom a rollout tells how it goes: one object schema per kind of target. */

import { z } from "zod";

import { minute } from "../duration.ts";
import { duration, line, optional, word } from "./fields.ts";
import { httpUrl } from "./http-url.ts";
import { keyIsLong, tokenStaysSecret } from "./notify-rules.ts";
import type { Settled } from "./settled.ts";

const timeout = duration({ min: 10, max: minute, example: "5s" })
  .prefault("5s")
  .describe("An answer that takes longer is a failed attempt.");

const secretText = () => line("a text on one line", 1_000);

const slack = z
  .strictObject({
    kind: z.literal("slack").describe("One message per rollout in a channel of Slack, edited."),
    channel: word('the ID of a channel, such as "C0123456"', /^[A-Z][A-Z0-9]{5,}$/, 40).describe(
      "The channel's ID; names change.",
    ),
    token: secretText().describe("Token of a bot with the scope `chat:write`; it may be secret."),
    api: httpUrl("https://slack.com/api", "`token` tells who asks")
      .prefault("https://slack.com/api")
      .describe("Address of Slack's Web API."),
    timeout,
  })
  .superRefine(tokenStaysSecret);

const webhook = z
  .strictObject({
    kind: z.literal("webhook").describe("Each phase as JSON to an address of your own, signed."),
    url: httpUrl(
      "https://example.com/rollouts",
      "who tells is told by the signature of `secret`",
    ).describe("Address that is told, by POST."),
    secret: secretText().describe(
      "Key of the signature, at least 16 characters; it may be secret.",
    ),
    timeout,
  })
  .superRefine(keyIsLong);

const github = z
  .strictObject({
    kind: z.literal("github").describe("A deployment of a repository on GitHub, with statuses."),
    repository: word(
      'the owner, a slash and the name, such as "acme/shop"',
      /^(?!\.{1,2}\/)[\w.-]+\/(?!\.{1,2}$)[\w.-]+$/,
      200,
    ).describe("The repository."),
    ref: optional(line("a branch, a tag or a commit on one line", 200)).describe(
      "What is deployed; `{version}` and `{color}` are filled in; absent: the commit that CI names.",
    ),
    token: optional(secretText()).describe(
      "Token that may write deployments; it may be secret; absent: the variable `GITHUB_TOKEN`.",
    ),
    api: httpUrl("https://api.github.com", "`token` tells who asks")
      .prefault("https://api.github.com")
      .describe("Address of the REST API; GitHub Enterprise has its own."),
    timeout,
  })
  .superRefine(tokenStaysSecret);

/** One entry of the list `bluegreen:notify`. */
export const notifySchema = z.discriminatedUnion("kind", [slack, webhook, github]);

/** Whom to tell, as it is written; times are milliseconds. */
export type NotifyTarget = Settled<z.output<typeof notifySchema>>;
export type NotifyTargetOf<K extends NotifyTarget["kind"]> = Extract<NotifyTarget, { kind: K }>;

/** The same for each entry that tells the same place; holds no secret but a webhook's address. */
export function placeToldBy(target: NotifyTarget): string {
  switch (target.kind) {
    case "slack":
      return `slack ${target.api} ${target.channel}`;
    case "webhook":
      return `webhook ${target.url}`;
    case "github":
      return `github ${target.api} ${target.repository}`;
  }
}
