/** Slack is told over HTTP: one message per rollout, edited; one reply per incident. */

import { afterEach, describe, expect, test } from "vitest";
import type { Event } from "../../../automation/event.ts";
import { back, entered, failed, finished, started } from "../../unit/notify/events.ts";
import { cleanUp, notifierOf, run, stateFolder, toSlack, until } from "./run.ts";
import { answers, fakeSlack, hangs, slackToken } from "../../support/notify/servers.ts";
import type { Fault } from "../../support/notify/servers.ts";

afterEach(cleanUp);

const texts = ({ messages }: Awaited<ReturnType<typeof fakeSlack>>) =>
  [...messages.values()].map(({ text }) => text);

test("a rollout is one message that is edited as phases pass", async () => {
  const slack = await fakeSlack();
  const notifier = notifierOf([toSlack(slack.url)]);
  for (const event of [started(), entered("provision")]) notifier.on(event);
  await until(() => slack.messages.size === 1);
  expect(texts(slack)).toEqual([
    "*shop prod*: release 2 into green is being filled in\n" +
      "The idle color is claimed and being filled; the active color has all traffic.\n" +
      "by ann on build-3, r-2",
  ]);
  for (const event of [entered("bake"), entered("hold", "pass"), finished]) notifier.on(event);
  expect(await notifier.end()).toBeNull();
  expect(texts(slack)).toEqual([
    "*shop prod*: release 2 into green is active\ngreen serves 2\nby ann on build-3, r-2",
  ]);
  expect(slack.received[0]?.body).toMatchObject({ unfurl_links: false, unfurl_media: false });
});

test("an incident is one reply in the message's thread that the channel sees", async () => {
  const slack = await fakeSlack();
  const notifier = notifierOf([toSlack(slack.url)]);
  for (const event of [started(), entered("bake")]) notifier.on(event);
  await until(() => slack.messages.size === 1);
  for (const event of [back, failed("ROLLED_BACK")]) notifier.on(event);
  expect(await notifier.end()).toBeNull();
  const [[stamp, message] = ["", null], ...replies] = [...slack.messages];
  expect(message).toMatchObject({
    thread: null,
    text: expect.stringContaining("ROLLED BACK") as string,
  });
  expect(replies).toHaveLength(1);
  expect(replies[0]?.[1]).toMatchObject({ thread: stamp, broadcast: true });
  expect(replies[0]?.[1].text).toContain("6 of 6 answers failed");
});

test("an incident outside of any rollout is told once, until a run has ended well", async () => {
  const slack = await fakeSlack();
  const folder = stateFolder();
  const down = [started(), failed("ROUTER_DOWN")];
  for (let runs = 0; runs < 3; runs += 1) await run([toSlack(slack.url)], down, { folder });
  expect(texts(slack)).toHaveLength(1);
  await run([toSlack(slack.url)], [started(), finished], { folder });
  await run([toSlack(slack.url)], down, { folder });
  expect(texts(slack)).toHaveLength(2);
});

test("words of an application are no links, mentions or commands", async () => {
  const slack = await fakeSlack();
  const event = failed("SWITCH_STUCK", "it says <!channel> & @here\u202e");
  await run([toSlack(slack.url)], [started(), event]);
  expect(texts(slack)[0]).toContain("it says &lt;!channel&gt; &amp; @\u200bhere\n");
  expect(texts(slack)[0]).not.toContain("a detail nobody is told");
});

test("a message that was deleted is sent anew", async () => {
  const slack = await fakeSlack();
  const folder = stateFolder();
  await run([toSlack(slack.url)], [started(), entered("check")], { folder });
  slack.messages.clear();
  await run([toSlack(slack.url)], [started(), entered("bake")], { folder });
  expect(texts(slack)).toHaveLength(1);
});

test("a token that comes back in an answer isn't shown", async () => {
  const slack = await fakeSlack();
  slack.faults.push(answers(200, {}, JSON.stringify({ ok: false, error: `no ${slackToken}` })));
  const note = await run([toSlack(slack.url)], [started(), entered("check")]);
  expect(note).toContain("no ***");
  expect(note).not.toContain(slackToken);
});

describe("is asked again", () => {
  test.each<[string, Fault, number]>([
    ["after 429, when it says", answers(429, { "retry-after": "1" }), 990],
    ["after 500", answers(500), 0],
    ["after an error that passes", answers(200, {}, '{"ok":false,"error":"internal_error"}'), 0],
    ["after a connection that broke", (response) => response.destroy(), 0],
  ])("%s", async (_name, fault, leastMs) => {
    const slack = await fakeSlack();
    slack.faults.push(fault);
    const startMs = Date.now();
    expect(await run([toSlack(slack.url)], bake)).toBeNull();
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(leastMs);
    expect([texts(slack).length, slack.received.length]).toEqual([1, 2]);
  });
});

const bake: readonly Event[] = [started(), entered("bake")];

describe("is asked once, and the run's end says why", () => {
  test.each([
    ["a wrong token", { token: "xoxb-wrong-secret" }, /refused chat.postMessage: "invalid_auth"/],
    ["a channel it isn't in", { channel: "C9999999" }, /"channel_not_found"/],
  ])("%s", async (_name, wrong, expected) => {
    const slack = await fakeSlack();
    const note = await run([{ ...toSlack(slack.url), ...wrong }], bake);
    expect(note).toMatch(expected);
    expect(note).toMatch(/^not everybody was told: Slack \(C\d+\): http:\/\/127/);
    expect(note).not.toContain("secret");
    expect(slack.received).toHaveLength(1);
  });

  test("a redirect, which would take the token along", async () => {
    const slack = await fakeSlack();
    slack.faults.push(answers(302, { location: "http://127.0.0.1:1/" }));
    expect(await run([toSlack(slack.url)], bake)).toContain("answered 302");
  });

  test("what isn't Slack", async () => {
    const slack = await fakeSlack();
    slack.faults.push(answers(200, {}, `<html>${slackToken}</html>`));
    const note = await run([toSlack(slack.url)], bake);
    expect(note).toMatch(/isn't Slack's API$/);
  });
});

test("one that hangs is left alone 5 seconds after the end at the latest", async () => {
  const slack = await fakeSlack();
  slack.faults.push(...Array.from({ length: 20 }, () => hangs));
  const startMs = Date.now();
  const note = await run([toSlack(slack.url)], bake);
  expect(note).toMatch(/got no answer/);
  expect(Date.now() - startMs).toBeLessThan(6_000);
});
