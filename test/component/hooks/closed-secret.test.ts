/** Secrets of hooks are opened with the engine, in a process of its own, and only where there are any. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { translate } from "../../../automation/adapters/engine-error.ts";
import { hasClosedSecret } from "../../../automation/closed-secret.ts";
import type { Event } from "../../../automation/event.ts";
import { openingHooks } from "../../../automation/operations/run-hooks.ts";
import { openSecrets } from "../../../automation/release.ts";
import { parseSettingsFile } from "../../../infra/config.ts";

const cwd = mkdtempSync(join(tmpdir(), "bluegreen-hooks-"));
const settingsFile = join(cwd, "Pulumi.dev.yaml");

afterAll(() => {
  rmSync(cwd, { recursive: true });
});

const hook = {
  stage: "POST_BAKE",
  webhook: "https://hooks.example.com/",
  secret: "in clear, and long",
};
const local = '  bluegreen:local: { command: ["node"] }';

/** The engine's answers, as `pulumi config --json --show-secrets` prints them; null: it has none. */
function sessionWith(secret: string, answers: readonly (object | null | Error)[]) {
  const text = [
    "config:",
    "  bluegreen:environment: dev",
    local,
    `  bluegreen:hooks: [{ stage: POST_BAKE, webhook: "${hook.webhook}", secret: ${secret} }]`,
    "",
  ].join("\n");
  writeFileSync(settingsFile, text);
  const asked: (readonly string[])[] = [];
  const cli = (args: readonly string[]) => {
    const answer = answers[asked.length] ?? null;
    asked.push(args);
    if (answer instanceof Error) return Promise.reject(translate(answer, [], "dev"));
    return Promise.resolve(answer && JSON.stringify(answer));
  };
  const settings = parseSettingsFile(text, settingsFile);
  const told: Event[] = [];
  const on = (event: Event) => void told.push(event);
  return { session: { settings, settingsFile, cwd, engine: { cli }, on }, asked, told };
}

async function opened(secret: string, answer: object | null | Error) {
  const { session, asked } = sessionWith(secret, [answer]);
  return { hooks: await openSecrets(session, "hooks"), asked };
}

const answer = {
  "bluegreen:environment": { value: "dev", secret: false },
  "bluegreen:local": { value: '{"command":["node"]}', secret: false },
  "bluegreen:hooks": { value: JSON.stringify([hook]), secret: true },
};

test("an encrypted key is in clear then", async () => {
  const { hooks, asked } = await opened("{ secure: abc }", answer);
  expect(asked).toEqual([["config", "--json", "--show-secrets", "--stack", "dev"]]);
  expect(hooks).toMatchObject([hook]);
  expect(hooks.some(hasClosedSecret)).toBe(false);
});

test("it stays closed where the engine can't tell, and its hook counts as closed", async () => {
  const { hooks } = await opened("{ secure: abc }", null);
  expect(hooks.map(hasClosedSecret)).toEqual([true]);
});

test("what couldn't be read before the environment existed is opened once it does", async () => {
  const { session, asked } = sessionWith("{ secure: abc }", [null, null, answer]);
  const hooks = await openingHooks(session);
  expect((await hooks()).map(hasClosedSecret)).toEqual([true]);
  expect(await hooks()).toMatchObject([hook]);
  expect(await hooks()).toMatchObject([hook]);
  expect(asked).toHaveLength(3);
});

test("what can't be opened later stays closed, and is told", async () => {
  const { session, told } = sessionWith("{ secure: abc }", [null, new Error("no such stack")]);
  const hooks = await openingHooks(session);
  expect((await hooks()).map(hasClosedSecret)).toEqual([true]);
  const sentence = expect.stringMatching(/can't be read/) as string;
  expect(told).toMatchObject([{ kind: "Noted", sentence }]);
});

test("the engine isn't asked where nothing is secret", async () => {
  const { hooks, asked } = await opened("'in clear, and long'", answer);
  expect([hooks, asked]).toMatchObject([[hook], []]);
});

test("a key that can't be decrypted is named, with the way to set it again", async () => {
  const broken = new Error("error: failed to decrypt: cipher: message authentication failed");
  const key = "bluegreen:hooks[0].secret";
  await expect(opened("{ secure: abc }", broken)).rejects.toMatchObject({
    code: "ENGINE_FAILED",
    message: `a secret value can't be decrypted: ${key}`,
    hint: `set it again: \`bluegreen pulumi -s dev -- config set --secret --path '${key}'\``,
  });
});
