/** Words of applications and people can only be read, wherever they are sent. */

import { expect, test } from "vitest";
import type { News } from "../../../automation/notify/news.ts";
import { slackText } from "../../../automation/notify/slack.ts";
import { headlineOf, sentenceIn } from "../../../automation/notify/wording.ts";
import { rollout } from "./events.ts";

const news: News = {
  ...{ key: "bake", standing: "running", rollout: { ...rollout, phase: "bake" }, own: true },
  ...{ sentence: "all is well", by: "ann on build-3", atMs: 0 },
};

test("Slack sees no link, no mention and no command in a text", () => {
  const text = slackText("<!channel> <@U1> <http://evil|ok> @here R&D");
  expect(text).toBe(
    "&lt;!channel&gt; &lt;@\u200bU1&gt; &lt;http://evil|ok&gt; @\u200bhere R&amp;D",
  );
});

test("a sentence is one line without what steers, and not endless", () => {
  const sentence = `a\u001b[31m red\u202e\nline ${"😀".repeat(400)}`;
  const text = sentenceIn({ ...news, sentence });
  expect(text).toMatch(/^a red line 😀+…$/u);
  expect(text.length).toBeLessThanOrEqual(500);
  expect(text.isWellFormed()).toBe(true);
});

test("a headline says what is true of the rollout", () => {
  expect(headlineOf(news)).toBe("release 2 into green has all traffic and is watched");
  expect(headlineOf({ ...news, standing: "rolledBack" })).toBe(
    "release 2 into green was ROLLED BACK",
  );
  expect(headlineOf({ ...news, rollout: { ...rollout, kind: "switch" }, standing: "done" })).toBe(
    "a switch to green is active",
  );
  expect(headlineOf({ ...news, rollout: null, standing: "routerDown" })).toBe("the ROUTER IS DOWN");
});
