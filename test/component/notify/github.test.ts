/** GitHub is told over HTTP: one deployment per rollout, a status each time something changes. */

import { afterEach, describe, expect, test } from "vitest";
import type { Event } from "../../../automation/event.ts";
import { back, entered, failed, finished, rollout, started } from "../../unit/notify/events.ts";
import { cleanUp, notifierOf, run, stateFolder, toGithub, until } from "./run.ts";
import { answers, commit, fakeGithub, githubToken } from "../../support/notify/servers.ts";

afterEach(cleanUp);

const env = { GITHUB_SHA: commit };

test("a rollout is one deployment of the commit that CI names, with its statuses", async () => {
  const github = await fakeGithub();
  const notifier = notifierOf([toGithub(github.url)], { env });
  for (const event of [started(), entered("provision")]) notifier.on(event);
  await until(() => github.deployments[0]?.states.length === 1);
  for (const event of [entered("gate")]) notifier.on(event);
  await until(() => github.deployments[0]?.states.length === 2);
  for (const event of [entered("hold", "pass"), finished]) notifier.on(event);
  expect(await notifier.end()).toBeNull();
  expect(github.deployments).toEqual([
    { ref: commit, states: ["in_progress", "pending", "success"] },
  ]);
  expect(github.received[0]?.body).toMatchObject({
    ...{ task: "deploy", environment: "prod", description: "shop 2" },
    payload: { rollout: "r-2", application: "shop" },
  });
});

test.each<[string, Event, string]>([
  ["a rollback", back, "failure"],
  ["failed checks", { kind: "Aborted", rollout, reason: "checks say fail" }, "failure"],
  ["a stuck switch", failed("SWITCH_STUCK", "x".repeat(500)), "error"],
])("%s is a status of its own", async (_name, event, state) => {
  const github = await fakeGithub();
  await run([toGithub(github.url)], [started(), entered("check"), event], { env });
  expect(github.deployments[0]?.states.at(-1)).toBe(state);
});

test("the ref may be made of the version, and the token come from the environment", async () => {
  const github = await fakeGithub();
  const target = { ...toGithub(github.url, "v{version}"), token: null } as never;
  await run([target], [started(), entered("bake")], { env: { GITHUB_TOKEN: githubToken } });
  expect(github.deployments).toMatchObject([{ ref: "v2" }]);
});

test("a resume goes on with the same deployment", async () => {
  const github = await fakeGithub();
  const folder = stateFolder();
  const around = { env, folder };
  await run([toGithub(github.url)], [started(), entered("check")], around);
  await run([toGithub(github.url)], [started("deploy", "r-3"), entered("check")], around);
  await run([toGithub(github.url)], [started("deploy", "r-4"), entered("hold")], around);
  expect(github.deployments).toEqual([{ ref: commit, states: ["in_progress", "success"] }]);
});

describe("nothing is made", () => {
  test.each<[string, readonly Event[]]>([
    ["for a switch", [started("switch"), { ...entered("bake"), rollout: switching() } as Event]],
    ["for a rollback from elsewhere", [started("rollback"), { ...back, rollout } as Event]],
    ["outside of a rollout", [started(), failed("ROUTER_DOWN")]],
  ])("%s", async (_name, events) => {
    const github = await fakeGithub();
    expect(await run([toGithub(github.url)], events, { env })).toBeNull();
    expect(github.received).toEqual([]);
  });
});

function switching() {
  return { ...rollout, kind: "switch" } as const;
}

describe("the run's end says", () => {
  const bake = [started(), entered("bake")];

  test("that no ref is known, or GitHub doesn't know it", async () => {
    const github = await fakeGithub();
    expect(await run([toGithub(github.url)], bake)).toContain("no variable of CI names the commit");
    const note = await run([toGithub(github.url, "main")], bake);
    expect(note).toMatch(/GitHub \(acme\/shop\): .* answered 422, 2xx expected: "No ref found/);
  });

  test("that there is no token, or a wrong one, and never shows it", async () => {
    const github = await fakeGithub();
    const without = { ...toGithub(github.url), token: null } as never;
    expect(await run([without], bake, { env })).toContain("there is no token");
    github.faults.push(answers(401, {}, '{"message":"ghp_very-wrong is no token"}'));
    const wrong = { ...toGithub(github.url), token: "ghp_very-wrong" } as never;
    expect(await run([wrong], bake, { env })).toContain('answered 401, 2xx expected: "*** is no');
  });
});

test("a limit that says when it ends is waited for", async () => {
  const github = await fakeGithub();
  github.faults.push(answers(403, { "retry-after": "1" }, '{"message":"secondary rate limit"}'));
  expect(await run([toGithub(github.url)], [started(), entered("bake")], { env })).toBeNull();
  expect(github.deployments).toHaveLength(1);
});
