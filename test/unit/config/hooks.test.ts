import { describe, expect, test } from "vitest";

import { opaqueSecret, parseSettings, parseSettingsFile } from "../../../infra/config.ts";
import { minimal, refusalOf } from "./refusal.ts";

const program = { stage: "PRE_SCALE_UP", argv: ["./snapshot.sh", "{version}"] };
const url = "https://hooks.example.com/rollout";
const webhook = { stage: "POST_BAKE", webhook: url, secret: "a long random text" };

function hooksOf(...hooks: readonly object[]) {
  return parseSettings({ ...minimal, hooks: JSON.stringify(hooks) }).hooks;
}

function linesOf(hooks: readonly object[], more: object = {}): readonly string[] {
  const raw = { ...minimal, hooks: JSON.stringify(hooks), ...more };
  return refusalOf(() => parseSettings(raw)).details;
}

test("a hook has its defaults", () => {
  const common = { timeoutMs: 30_000, retries: 0, onFailure: "stop", env: {} };
  expect(hooksOf(program, webhook)).toEqual([
    { ...program, ...common, webhook: null, secret: null },
    { ...webhook, ...common, argv: null },
  ]);
});

test("the key of a webhook and variables of a program may be secret", () => {
  const file = [
    "config:",
    "  bluegreen:environment: dev",
    '  bluegreen:local: { command: ["node"] }',
    "  bluegreen:hooks:",
    `    - { stage: POST_BAKE, webhook: "${url}", secret: { secure: abc } }`,
    "    - { stage: POST_BAKE, argv: [x], env: { TOKEN: { secure: abc } } }",
    "",
  ].join("\n");
  const [first, second] = parseSettingsFile(file, "Pulumi.dev.yaml").hooks;
  expect([first?.secret, second?.env]).toEqual([opaqueSecret, { TOKEN: opaqueSecret }]);
});

test("a key is never shown, also where it is wrong", () => {
  const [line] = linesOf([{ ...webhook, secret: "tell\nnobody" }]);
  expect(line).toContain("hooks[0].secret");
  expect(line).not.toContain("nobody");
});

test("an address of a webhook is never shown, nor are credentials in any other", () => {
  const wrong = ["http://u:hunter2pw@h.example/pathsecret", "ftp://h.example/pathsecret"];
  const lines = wrong.flatMap((each) => linesOf([{ ...webhook, webhook: each }]));
  expect(lines[0]).toMatch(/webhook = \[secret\]: has credentials.*`secret`$/);
  const notify = [{ kind: "webhook", url: wrong[1], secret: "a long random text" }];
  const slack = [{ kind: "slack", channel: "C0123456", token: "x", api: wrong[0] }];
  const metric = { kind: "json", name: "m", url: wrong[0], value: "v", max: 1 };
  const others = [{ notify }, { notify: slack }, { metrics: [metric] }].flatMap((raw) =>
    linesOf([], Object.fromEntries(Object.entries(raw).map(([k, v]) => [k, JSON.stringify(v)]))),
  );
  expect(others.join("\n")).toMatch(/api = \[secret\].*`token`/);
  expect([...lines, ...others].join("\n")).not.toMatch(/hunter2pw|pathsecret/);
});

describe("is refused with one line", () => {
  test.each([
    ["an unknown stage", { ...program, stage: "PRE_SCALE" }, /stage.*unknown/],
    ["nothing to run", { stage: "POST_BAKE" }, /argv: is missing: nothing would run/],
    ["two things to run", { ...program, webhook: url }, /webhook = .* is a second thing to run/],
    ["an unsigned webhook", { stage: "POST_BAKE", webhook: url }, /secret: is missing.*signed/],
    [
      "a key that can be guessed",
      { ...webhook, secret: "fifteen letters" },
      /secret = \[secret\]: is shorter than 16/,
    ],
    ["a key for a program", { ...program, secret: "x" }, /secret = \[secret\]: is for a webhook/],
    ["variables for a webhook", { ...webhook, env: { A: "b" } }, /env.* is for a program/],
    ["another scheme", { ...webhook, webhook: "ftp://a/b" }, /isn't an http or https URL/],
    ["credentials", { ...webhook, webhook: "https://a:b@c.example" }, /has credentials/],
    ["a metadata address", { ...webhook, webhook: "http://169.254.169.254/" }, /names a host/],
  ])("%s", (_name, hook, expected) => {
    const lines = linesOf([hook]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(expected);
  });

  test("a claim that ends before the hooks under it", () => {
    const hook = { ...program, timeout: "10m", retries: 1 };
    const lines = linesOf([program, hook, { ...program, stage: "POST_BAKE", timeout: "1h" }], {
      claim: "20m",
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^bluegreen:claim .+hooks 20m34s600ms.+hooks\[1\]\.timeout/);
  });

  test("a claim that ends before hooks, expand, start, warm-up and checks have each had their time", () => {
    const more = {
      claim: "15m",
      migrations: '{"works":{"from":1,"to":2},"expand":{"to":2,"argv":["x"],"timeout":"10m"}}',
      warmup: '{"paths":["/"],"within":"30s"}',
      checks: '[{"name":"up","kind":"command","argv":["x"],"deadline":"1m"}]',
    };
    const lines = linesOf([{ ...program, timeout: "4m" }], more);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /hooks 4m1s500ms, expand 10m1s500ms, drain 10s, start 30s, warm-up 30s, checks 1m/,
    );
    const raw = { ...minimal, ...more, hooks: JSON.stringify([program]) };
    expect(parseSettings(raw).claimMs).toBe(900_000);
  });
});

describe("without hooks and expand, a claim is refused that ends before", () => {
  test.each([
    ["the checks", { checks: '[{"name":"up","kind":"command","argv":["x"],"deadline":"20m"}]' }],
    ["the warm-up", { warmup: '{"paths":["/"],"within":"5m"}', claim: "5m" }],
    ["the start after the drain", { claim: "40s" }],
  ])("%s may be over", (_name, more) => {
    const lines = linesOf([], { claim: "20m", ...more });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^bluegreen:claim .+drain 10s, start 30s/);
  });
});

test("a warm-up has its defaults and refuses what is no path", () => {
  const of = (warmup: object) => parseSettings({ ...minimal, warmup: JSON.stringify(warmup) });
  expect(of({ paths: ["/"] }).warmup).toEqual({
    paths: ["/"],
    withinMs: 30_000,
    concurrency: 4,
    timeoutMs: 5_000,
  });
  expect(refusalOf(() => of({ paths: ["products"] })).details[0]).toMatch(/warmup\.paths\[0\]/);
});
