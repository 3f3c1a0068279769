import { describe, expect, test } from "vitest";

import { opaqueSecret, parseSettings, parseSettingsFile } from "../../../infra/config.ts";
import { minimal, refusalOf } from "./refusal.ts";

const slack = { kind: "slack", channel: "C0123456", token: "xoxb-1" };
const webhook = {
  kind: "webhook",
  url: "https://example.com/rollouts",
  secret: "a long random text",
};
const github = { kind: "github", repository: "acme/shop" };

function linesOf(...notify: readonly object[]): readonly string[] {
  return refusalOf(() => parseSettings({ ...minimal, notify: JSON.stringify(notify) })).details;
}

test("each kind has its defaults", () => {
  const notify = JSON.stringify([slack, webhook, github]);
  expect(parseSettings({ ...minimal, notify }).notify).toEqual([
    { ...slack, api: "https://slack.com/api", timeoutMs: 5_000 },
    { ...webhook, timeoutMs: 5_000 },
    { ...github, api: "https://api.github.com", ref: null, token: null, timeoutMs: 5_000 },
  ]);
});

test("tokens and keys may be secret", () => {
  const file = [
    "config:",
    "  bluegreen:environment: dev",
    '  bluegreen:local: { command: ["node"] }',
    "  bluegreen:notify:",
    "    - { kind: slack, channel: C0123456, token: { secure: abc } }",
    `    - { kind: webhook, url: "${webhook.url}", secret: { secure: abc } }`,
    "    - { kind: github, repository: acme/shop, token: { secure: abc } }",
    "",
  ].join("\n");
  const { notify } = parseSettingsFile(file, "Pulumi.dev.yaml");
  const values = notify.map((each) => (each.kind === "webhook" ? each.secret : each.token));
  expect(values).toEqual([opaqueSecret, opaqueSecret, opaqueSecret]);
});

test("a token is never shown, also where it is wrong", () => {
  const [line] = linesOf({ ...slack, token: "tell\nnobody" });
  expect(line).toContain("notify[0].token");
  expect(line).not.toContain("nobody");
});

describe("is refused with one line", () => {
  test.each([
    ["a name of a channel", { ...slack, channel: "#deploys" }, /channel.*the ID of a channel/],
    ["no token for Slack", { ...slack, token: undefined }, /token: is missing/],
    ["an unsigned webhook", { ...webhook, secret: undefined }, /secret: is missing/],
    [
      "a key that can be guessed",
      { ...webhook, secret: "fifteen letters" },
      /secret = \[secret\]: is shorter than 16/,
    ],
    ["a repository without owner", { ...github, repository: "shop" }, /repository.*acme\/shop/],
    ["a repository elsewhere", { ...github, repository: "../shop" }, /repository/],
    ["an open way for a token", { ...github, api: "http://github.acme.com" }, /in clear.*https/],
    ["a metadata address", { ...webhook, url: "http://169.254.169.254/" }, /names a host/],
    ["credentials", { ...slack, api: "https://a:b@slack.com/api" }, /has credentials/],
    ["another kind", { kind: "teams" }, /kind.*unknown/],
  ])("%s", (_name, target, expected) => {
    const lines = linesOf(target);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(expected);
  });

  test("the same place twice", () => {
    const lines = linesOf(slack, github, { ...slack, token: "another" });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/notify\[2\]\.channel.*is told by another entry already/);
  });
});
