/** Others are told of real rollouts: through a kill and a resume, a rollback and failed checks. */

import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runUntilKilled } from "../support/kill/killing.ts";
import { channel, commit, githubToken, slackToken } from "../support/notify/servers.ts";
import { endServers, fakeGithub, fakeSlack, fakeWebhook } from "../support/notify/servers.ts";
import type { FakeGithub, FakeSlack, Running } from "../support/notify/servers.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";

describeOnEngine("others are told", () => {
  let project: Project;
  let slack: FakeSlack;
  let github: FakeGithub;
  let webhook: Running;

  beforeAll(async () => {
    [slack, github, webhook] = await Promise.all([fakeSlack(), fakeGithub(), fakeWebhook()]);
    project = await makeProject({ env: { GITHUB_SHA: commit, GITHUB_TOKEN: githubToken } });
    const notify = [
      { kind: "slack", channel, token: "placeholder", api: slack.url },
      { kind: "github", repository: "acme/shop", api: github.url },
      { kind: "webhook", url: webhook.url, secret: "a long random text" },
    ];
    const line = `config:\n  bluegreen:notify: ${JSON.stringify(notify)}\n`;
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    writeFileSync(project.settingsFile, project.settings().replace("config:\n", line));
    const path = "bluegreen:notify[0].token";
    const set = ["config", "set", "--secret", "--path", path, slackToken, "--stack", "dev"];
    expectExit(await project.run(["pulumi", "--", ...set]), 0);
    expect(project.settings()).not.toContain(slackToken);
  });

  afterAll(async () => {
    endServers();
    if ((project as Project | undefined) !== undefined) await project.remove();
  });

  const texts = (): readonly string[] => [...slack.messages.values()].map(({ text }) => text);
  const keys = () => webhook.received.map(({ body }) => body["key"]);

  it("of a rollout that is killed and gone on with, in one message and one deployment", async () => {
    const killed = await runUntilKilled(project, ["deploy", "--version", "2"], {
      kill: "before Judge",
    });
    const resumed = await project.run(["deploy", "--version", "2"]);
    expectExit(resumed, 0);
    expect(`${killed.output}${resumed.output}`).not.toContain("not everybody was told");
    expect(texts()).toHaveLength(1);
    expect(texts()[0]).toMatch(/release 2 into green is active\ngreen serves 2, rollback possible/);
    expect(github.deployments).toHaveLength(1);
    expect(github.deployments[0]?.states.at(-1)).toBe("success");
    expect(keys()).toEqual([...new Set(keys())]);
    expect(keys()).toEqual(["provision", "check", "bake", "hold"]);
    expect(`${killed.output}${resumed.output}`).not.toContain(slackToken);
  });

  it("of a person's rollback, as an alert in the thread of what is left", async () => {
    expectExit(await project.run(["rollback", "--reason", "<!here> orders fail"]), 0);
    expect(texts()).toHaveLength(2);
    const [[stamp] = [""], [, reply] = ["", null]] = [...slack.messages];
    expect(reply).toMatchObject({ thread: stamp, broadcast: true });
    expect(texts()[1]).toMatch(/release 2 into green was ROLLED BACK\n.*&lt;!here&gt; orders fail/);
    expect(github.deployments[0]?.states.at(-1)).toBe("failure");
    expect(keys().at(-1)).toBe("rolledBack");
  });

  it("of a release that doesn't start, in a message of their own without an alert", async () => {
    project.fault("3", { crash: true });
    expectExit(await project.run(["deploy", "--version", "3"]), 3);
    expect(texts()).toHaveLength(3);
    expect(texts()[2]).toMatch(/release 3 into green was given up/);
    expect(keys().at(-1)).toBe("aborted");
  });

  it("or not, where nobody answers: the rollout is as fast, and its last note says so", async () => {
    project.fault("3", null);
    endServers();
    const run = await project.run(["deploy", "--version", "4"]);
    expectExit(run, 0);
    expect(run.output.match(/not everybody was told/g)).toHaveLength(1);
    expect(run.output).toMatch(/note {2}not everybody was told: .*connection refused/);
    expect(await project.ask()).toMatchObject({ body: "green 4" });
  });
});
