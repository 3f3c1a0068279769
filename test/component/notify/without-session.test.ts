/** A command that gets no engine tells others all the same, as far as its settings are in clear. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runCommand } from "../../../automation/command.ts";
import { opaqueSecret, parseSettings } from "../../../infra/config.ts";
import { endServers, fakeWebhook, webhookSecret } from "../../support/notify/servers.ts";
import { back } from "../../unit/notify/events.ts";

const folders: string[] = [];

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "bluegreen-notify-"));
  folders.push(folder);
  vi.stubEnv("XDG_STATE_HOME", folder);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  endServers();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function rollBackTold(url: string, secret: string): Promise<string> {
  const raw = { environment: "dev", application: "shop", local: '{"command":["node"]}' };
  const notify = JSON.stringify([{ kind: "webhook", url, secret: webhookSecret }]);
  const settings = parseSettings({ ...raw, notify });
  const targets = settings.notify.map((target) => ({ ...target, secret }) as typeof target);
  const said: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  const shown = { json: false, color: false, yes: true, verbose: false };
  await runCommand("rollback", { ...shown, stack: "dev", cwd: "." }, async (context) => {
    await context.beginWithout({ ...settings, notify: targets });
    context.reporter.on(back);
  });
  return said.join("");
}

test("a rollback is told", async () => {
  const webhook = await fakeWebhook();
  await rollBackTold(webhook.url, webhookSecret);
  expect(webhook.received.map(({ body }) => body["standing"])).toEqual(["rolledBack"]);
});

test("a rollback whose secrets stay closed is a note", async () => {
  const webhook = await fakeWebhook();
  const said = await rollBackTold(webhook.url, opaqueSecret);
  expect(webhook.received).toEqual([]);
  expect(said).toContain("its secret values can't be read here");
});
