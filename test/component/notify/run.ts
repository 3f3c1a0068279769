/** Runs of commands that tell others, by their events, in a state folder of the test's own. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "../../../automation/event.ts";
import { openNotifier } from "../../../automation/notify/notifier.ts";
import type { NotifyTarget } from "../../../infra/config.ts";
import {
  channel,
  endServers,
  githubToken,
  slackToken,
  webhookSecret,
} from "../../support/notify/servers.ts";

const folders: string[] = [];

export function cleanUp(): void {
  endServers();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bluegreen-notify-"));
  folders.push(folder);
  return folder;
}

const timeoutMs = 2_000;

export function toSlack(api: string): NotifyTarget {
  return { kind: "slack", channel, token: slackToken, api, timeoutMs };
}

export function toGithub(api: string, ref: string | null = null): NotifyTarget {
  return { kind: "github", repository: "acme/shop", ref, token: githubToken, api, timeoutMs };
}

export function toWebhook(url: string): NotifyTarget {
  return { kind: "webhook", url, secret: webhookSecret, timeoutMs };
}

interface RunOptions {
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly open?: () => Promise<readonly NotifyTarget[]>;
}

export function notifierOf(targets: readonly NotifyTarget[], options: RunOptions = {}) {
  const { folder = stateFolder(), env = {}, open = () => Promise.resolve(targets) } = options;
  const place = { application: "shop", environment: "prod" };
  return openNotifier({ place, targets, open, folder, env });
}

/** @returns the note at the end of the run */
export function run(
  targets: readonly NotifyTarget[],
  events: readonly Event[],
  options: RunOptions = {},
): Promise<string | null> {
  const notifier = notifierOf(targets, options);
  for (const event of events) notifier.on(event);
  return notifier.end();
}

/** Waits for what happens in the background, 5 seconds at most. */
export async function until(isTrue: () => boolean): Promise<void> {
  const endMs = Date.now() + 5_000;
  while (!isTrue()) {
    if (Date.now() > endMs) throw new Error("it didn't happen within 5 seconds");
    await sleep(5);
  }
}
