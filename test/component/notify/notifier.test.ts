/** Telling others: signed webhooks, no duplicates after a resume, and never in a rollout's way. */

import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { opaqueSecret } from "../../../infra/config.ts";
import type { NotifyTarget } from "../../../infra/config.ts";
import { BlueGreenError } from "../../../infra/errors.ts";
import { back, entered, failed, finished, rollout, started } from "../../unit/notify/events.ts";
import { cleanUp, notifierOf, run, stateFolder, toSlack, toWebhook } from "./run.ts";
import {
  answers,
  fakeSlack,
  fakeWebhook,
  hangs,
  webhookSecret,
} from "../../support/notify/servers.ts";

afterEach(cleanUp);

test("a webhook gets each piece as JSON, in order, signed", async () => {
  const webhook = await fakeWebhook();
  const events = [started(), entered("check"), entered("bake"), back, failed("ROLLED_BACK")];
  expect(await run([toWebhook(`${webhook.url}/t0ken`)], events)).toBeNull();
  const { received } = webhook;
  expect(received.map(({ headers }) => headers["idempotency-key"])).toEqual([
    ...["r-2:check", "r-2:bake", "r-2:rolledBack"],
  ]);
  const { text = "", headers = {}, body } = received[2] ?? {};
  expect(body).toEqual({
    ...{ schema: 1, key: "rolledBack", standing: "rolledBack", alert: true },
    rollout: { ...rollout, phase: "bake" },
    headline: "release 2 into green was ROLLED BACK",
    sentence: "traffic is on blue again: 6 of 6 answers failed",
    ...{ by: "ann on build-3", at: expect.stringMatching(/^2\d{3}-.*Z$/) as string },
    ...{ application: "shop", environment: "prod" },
  });
  const timestamp = String(headers["x-bluegreen-timestamp"]);
  const hmac = createHmac("sha256", webhookSecret).update(`${timestamp}.${text}`).digest("hex");
  expect(headers["x-bluegreen-signature"]).toBe(`sha256=${hmac}`);
});

test("a piece that failed is sent again under the same key, and its path is never shown", async () => {
  const webhook = await fakeWebhook();
  webhook.faults.push(answers(503));
  const target = toWebhook(`${webhook.url}/t0ken`);
  expect(await run([target], [started(), entered("check")])).toBeNull();
  const keys = webhook.received.map(({ headers }) => headers["idempotency-key"]);
  expect(keys).toEqual(["r-2:check", "r-2:check"]);
  webhook.faults.push(answers(410));
  const note = await run([target], [started(), entered("check")]);
  expect(note).toMatch(/: http:\S+ POST \/… answered 410, 2xx expected$/);
});

test("a path or a key that comes back in an answer isn't shown", async () => {
  const webhook = await fakeWebhook();
  const message = `no hook t0ken-1 for ${webhookSecret}, see /in/t0ken-1?key=t0ken-2`;
  webhook.faults.push(answers(410, {}, JSON.stringify({ message })));
  const target = toWebhook(`${webhook.url}/in/t0ken-1?key=t0ken-2`);
  const note = await run([target], [started(), entered("check")]);
  expect(note).toContain("no hook ***");
  expect(note).not.toMatch(/t0ken|and random/);
});

describe("a resume", () => {
  test("edits the message of the run before, and repeats no alert", async () => {
    const [slack, webhook] = [await fakeSlack(), await fakeWebhook()];
    const targets = [toSlack(slack.url), toWebhook(webhook.url)];
    const folder = stateFolder();
    await run(targets, [started(), entered("check"), entered("bake")], { folder });
    const again = [started("deploy", "r-3"), entered("bake"), failed("SWITCH_STUCK")];
    await run(targets, again, { folder });
    await run(targets, again, { folder });
    expect([...slack.messages.values()].map(({ thread }) => thread === null)).toEqual([
      true,
      false,
    ]);
    expect(webhook.received.map(({ body }) => body["key"])).toEqual(["check", "bake", "stuck"]);
  });

  test("without what was remembered tells it once more", async () => {
    const slack = await fakeSlack();
    const folder = stateFolder();
    const events = [started(), entered("check")];
    await run([toSlack(slack.url)], events, { folder });
    rmSync(join(folder, "r-2.told.json"));
    await run([toSlack(slack.url)], events, { folder });
    expect(slack.messages.size).toBe(2);
  });

  test("bears a file that isn't whole", async () => {
    const slack = await fakeSlack();
    const folder = stateFolder();
    writeFileSync(join(folder, "r-2.told.json"), '{"schema":1,"targets":{"sl');
    expect(await run([toSlack(slack.url)], [started(), entered("check")], { folder })).toBeNull();
    expect(slack.messages.size).toBe(1);
  });
});

test("what is remembered holds no secret, and no more than 200 rollouts", async () => {
  const webhook = await fakeWebhook();
  const folder = stateFolder();
  for (let index = 0; index < 205; index += 1) {
    writeFileSync(join(folder, `r-1-${String(index).padStart(3, "0")}.told.json`), "{}");
  }
  writeFileSync(join(folder, "r-1.ndjson"), "");
  await run([toWebhook(`${webhook.url}/t0ken`)], [started(), entered("check")], { folder });
  const files = readdirSync(folder).filter((name) => name.endsWith(".told.json"));
  expect([files.length, files.includes("r-1-000.told.json")]).toEqual([200, false]);
  expect(readdirSync(folder)).toContain("r-1.ndjson");
  const text = readFileSync(join(folder, "r-2.told.json"), "utf8");
  expect(text).not.toMatch(/t0ken|and random/);
});

test("a folder that can't be written is a note, and the others are told all the same", async () => {
  const webhook = await fakeWebhook();
  const folder = join(stateFolder(), "file");
  writeFileSync(folder, "");
  const note = await run([toWebhook(webhook.url)], [started(), entered("check"), finished], {
    folder,
  });
  expect(note).toMatch(/^what was told isn't remembered, so a resume tells it again: /);
  expect(webhook.received).toHaveLength(1);
});

describe("a target that is down", () => {
  test("doesn't slow the events of a rollout, nor another target", async () => {
    const [dead, webhook] = [await fakeWebhook(), await fakeWebhook()];
    dead.faults.push(...Array.from({ length: 50 }, () => hangs));
    const notifier = notifierOf([toWebhook(dead.url), toWebhook(webhook.url)]);
    const startMs = performance.now();
    for (const event of [started(), entered("check"), entered("bake"), entered("hold"), finished]) {
      notifier.on(event);
    }
    expect(performance.now() - startMs).toBeLessThan(100);
    const note = await notifier.end();
    expect(performance.now() - startMs).toBeLessThan(6_000);
    expect(note).toContain(dead.url);
    expect(note).not.toContain(webhook.url);
    expect(webhook.received).toHaveLength(3);
  });

  test("is one note, whoever else is down", async () => {
    const targets = [toWebhook("http://127.0.0.1:1/a"), toSlack("http://127.0.0.1:1/api")];
    const note = await run(targets, [started(), entered("check"), entered("bake")]);
    expect(note?.match(/connection refused/g)).toHaveLength(2);
    expect(note?.match(/not everybody was told/g)).toHaveLength(1);
  });
});

describe("secrets", () => {
  const closed = { ...toWebhook("http://127.0.0.1:1/"), secret: opaqueSecret };

  test("are opened when there is something to tell, once", async () => {
    const webhook = await fakeWebhook();
    const target = toWebhook(webhook.url);
    let asked = 0;
    const open = () => {
      asked += 1;
      return Promise.resolve([target]);
    };
    await run([{ ...target, secret: opaqueSecret } as never], [started(), finished], { open });
    expect(asked).toBe(0);
    const events = [started(), entered("check"), entered("bake")];
    await run([{ ...target, secret: opaqueSecret } as never], events, { open });
    expect([asked, webhook.received.length]).toEqual([1, 2]);
  });

  test("that can't be opened for a moment are tried again with the same piece", async () => {
    const webhook = await fakeWebhook();
    const target = toWebhook(webhook.url);
    const locked = new BlueGreenError("STACK_LOCKED", "another update runs", { hint: "wait" });
    const openings = [() => Promise.reject(locked), () => Promise.resolve([target])];
    const open = () => openings.shift()?.() ?? Promise.reject(new Error("opened too often"));
    const events = [started(), entered("check")];
    expect(await run([{ ...target, secret: opaqueSecret } as never], events, { open })).toBeNull();
    expect(webhook.received).toHaveLength(1);
  });

  test.each<[string, () => Promise<readonly NotifyTarget[]>]>([
    ["by an error", () => Promise.reject(new Error("no engine"))],
    ["since nobody knows them yet", () => Promise.resolve([closed])],
  ])("that couldn't be opened %s are tried again with the next piece", async (_name, first) => {
    const webhook = await fakeWebhook();
    const target = toWebhook(webhook.url);
    const openings = [first];
    const open = () => openings.shift()?.() ?? Promise.resolve([target]);
    const events = [started(), entered("check"), entered("bake"), back, failed("ROLLED_BACK")];
    await run([{ ...target, secret: opaqueSecret } as never], events, { open });
    const keys = webhook.received.map(({ body }) => body["key"]);
    expect(keys).toEqual(["bake", "rolledBack"]);
  });

  test("that can't be opened are a note", async () => {
    const events = [started(), entered("check")];
    expect(await run([closed as never], events)).toContain("its secret values can't be read here");
    const open = () => Promise.reject(new Error("the passphrase doesn't fit"));
    const note = await run([closed], events, { open });
    expect(note).toContain("(the passphrase doesn't fit)");
  });
});

test("nobody is told where there is nothing to tell", async () => {
  const webhook = await fakeWebhook();
  const folder = join(stateFolder(), "not-made");
  expect(await run([toWebhook(webhook.url)], [started("up"), finished], { folder })).toBeNull();
  expect(webhook.received).toEqual([]);
  expect(() => {
    mkdirSync(folder);
  }).not.toThrow();
});
