/** A person with a plain `pulumi` meets the same guards as the driver, inside the locked update. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import type { Run } from "../support/project/command.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { eventually } from "../support/project/waiting.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project, RunOptions } from "../support/project/project.ts";

const preview = ["preview", "--non-interactive", "--color", "never"];
const destroy = ["destroy", "--yes", "--skip-preview", "--non-interactive", "--color", "never"];

describeOnEngine("a hand-run pulumi", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject();
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
  });

  removeAfterAll(() => project);

  function up(stack = "dev", options?: RunOptions): Promise<Run> {
    return project.pulumi([...pulumiUp, "--stack", stack], options);
  }

  /** A refused update leaves the record and the traffic as they were. */
  async function expectRefusal(
    work: () => Promise<Run>,
    ...said: readonly (string | RegExp)[]
  ): Promise<void> {
    const before = await project.router();
    const run = await work();
    expect(run.code).not.toBe(0);
    for (const words of said) expect(run.output).toMatch(words);
    const after = await project.router();
    expect(after?.routes).toEqual(before?.routes);
  }

  it("moves nothing while the file says what was obeyed or written before", async () => {
    const run = await up();
    expectExit(run, 0);
    expect(run.output).not.toMatch(/dev-route/);
    expect(await project.record()).toMatchObject({ activeColor: "green", declared: "green" });
  });

  it("switches by a changed activeColor, read back, with the next generation", async () => {
    project.edit({ activeColor: "blue" });
    const plan = await project.pulumi([...preview, "--stack", "dev"]);
    expect(plan.output).toMatch(/pass: blue holds 1 and is healthy/);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    const answered = (await project.router())?.colors.blue.live.requests ?? 0;
    const run = await up();
    expectExit(run, 0);
    const router = await project.router();
    // Three probes on fresh connections, three on reused ones, and none of them before the flip.
    expect((router?.colors.blue.live.requests ?? 0) - answered).toBeGreaterThanOrEqual(6);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    const record = { activeColor: "blue", declared: "blue", generation: 3 };
    expect(await project.record()).toMatchObject(record);
    expect(router?.routes).toMatchObject({
      generation: 3,
      rolloutId: expect.stringMatching(/^by-hand/) as string,
    });
  });

  it("moves nothing when only the driver switched since, and says that the file differs", async () => {
    const driver = await project.run(["switch", "green", "--no-bake", "--no-write"]);
    expectExit(driver, 0);
    const run = await up();
    expectExit(run, 0);
    expect(run.output).toMatch(/says blue, which was obeyed before; traffic stays on green/);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
  });

  it("refuses a file that is older than the router and prints the lines to paste", async () => {
    project.edit({ activeColor: "green", generation: 4 });
    expectExit(await up(), 0);
    project.edit({ activeColor: "blue", generation: 2 });
    await expectRefusal(
      up,
      /STALE_INTENT/,
      /bluegreen:activeColor: green\n\s+bluegreen:generation: 4\n\s*hint: .*paste the lines above/,
    );
    project.edit({ activeColor: "green", generation: 4 });
  });

  it("refuses a pinned release", async () => {
    expect(await project.run(["pin", "1", "--reason", "corrupts carts"])).toMatchObject({
      code: 0,
    });
    project.edit({ activeColor: "blue", generation: 4 });
    await expectRefusal(up, /RELEASE_PINNED/, /corrupts carts/, /bluegreen unpin 1/);
    const [{ version, digest } = expect.fail("nothing is pinned")] = (await project.record()).pins;
    expectExit(await project.run(["unpin", digest]), 0);
    expectExit(await project.run(["pin", digest]), 0);
    expect((await project.record()).pins).toMatchObject([{ version, digest }]);
    expectExit(await project.run(["unpin", "1"]), 0);
  });

  it("refuses an unhealthy color, in a preview too", async () => {
    project.fault("1", { health: 503 });
    onTestFinished(() => {
      project.fault("1", null);
    });
    project.edit({ activeColor: "blue" });
    const plan = () => project.pulumi([...preview, "--stack", "dev"]);
    await expectRefusal(plan, /COLOR_UNHEALTHY/, /blue has 0 of 1 instances ready/);
    await expectRefusal(up, /COLOR_UNHEALTHY/, /answered 503/, /bluegreen logs blue/);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
  });

  it("refuses another release for the color that serves", async () => {
    project.edit({ activeColor: "green", version: "9" });
    await expectRefusal(() => up("dev-green"), /COLOR_SERVES/, /has traffic with release 2/);
    expect(await project.color("green")).toMatchObject({ version: "2", ready: 1 });
  });

  it("refuses a release for the idle color without a claim", async () => {
    await eventually("blue is ready again", async () =>
      (await project.color("blue"))?.ready === 1 ? true : null,
    );
    await expectRefusal(() => up("dev-blue"), /NOT_CLAIMED/, /bluegreen claim blue/);
    expect(await project.color("blue")).toMatchObject({ version: "1", ready: 1 });
  });

  it("fills the idle color under a person's claim, and flips to it by the file", async () => {
    project.edit({ version: "9" });
    const early = await project.run(["claim", "blue"]);
    expectError(early, { exit: 3, code: "WINDOW_OPEN", says: /`bluegreen claim blue --now`/ });
    const claimed = await project.run(["claim", "blue", "--now"]);
    expectExit(claimed, 0);
    expect(claimed.output).toContain("there is no way back to 1 any more");
    expectExit(await up("dev-blue"), 0);
    expect(await project.color("blue")).toMatchObject({ version: "9", ready: 1 });
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    project.edit({ activeColor: "blue" });
    expectExit(await up(), 0);
    expect(await project.ask()).toMatchObject({ body: "blue 9" });
    expect(await project.record()).toMatchObject({ activeColor: "blue", generation: 5 });
  });

  it("grows the color that serves, and never takes an instance from it", async () => {
    const text = project.settings();
    writeFileSync(project.settingsFile, text.replace("instances: 1", "instances: 2"));
    expectExit(await up("dev-blue"), 0);
    expect(await project.color("blue")).toMatchObject({ version: "9", ready: 2 });
    writeFileSync(project.settingsFile, text);
    expectExit(await up("dev-blue"), 0);
    expect(await project.color("blue")).toMatchObject({ version: "9", ready: 2 });
  });

  it("refuses to activate a color that another rollout is filling", async () => {
    const killed = await project.run(["deploy", "--version", "10"], {
      env: { BLUEGREEN_FAULT: "kill at after Claim" },
    });
    expectExit(killed, 137);
    project.edit({ activeColor: "green", generation: 5 });
    await expectRefusal(up, /CLAIMED/, /has claimed green/);
    await expectRefusal(() => up("dev-green"), /NOT_CLAIMED/, /can't be filled by a person/);
    expectExit(await project.run(["abort"]), 0);
    project.edit({ activeColor: "blue" });
  });

  it.each(["dev", "dev-blue"])("destroys nothing of %s while it has traffic", async (stack) => {
    const plain = () => project.pulumi([...destroy, "--stack", stack]);
    await expectRefusal(plain, /may have traffic: use `bluegreen (down|retire)`/, /--run-program/);
    const asked = () => project.pulumi([...destroy, "--run-program", "--stack", stack]);
    await expectRefusal(asked, stack === "dev" ? /ROUTER_ACTIVE/ : /COLOR_SERVES/);
    expect(await project.ask()).toMatchObject({ body: "blue 9" });
    expect(await project.color("blue")).toMatchObject({ ready: 2 });
    const stateOf = await project.pulumi(["stack", "export", "--stack", stack]);
    expect(stateOf.stdout).toMatch(stack === "dev" ? /dev-record/ : /dev-blue-instances/);
  });

  it("changes nothing of a color's stack when its settings file isn't named", async () => {
    const text = project.settings();
    const stray = join(project.folder, "Pulumi.dev-blue.yaml");
    const forgotten = { env: { PULUMI_OPTION_CONFIG_FILE: undefined } };
    for (const args of [preview, pulumiUp]) {
      const run = () => project.pulumi([...args, "--stack", "dev-blue"], forgotten);
      await expectRefusal(run, /bluegreen:environment/);
    }
    expect(project.settings()).toBe(text);
    expect(await project.color("blue")).toMatchObject({ version: "9", ready: 2 });
    // Pulumi itself writes this file before any program runs; it holds a salt and no setting.
    expect(readFileSync(stray, "utf8")).toMatch(/^encryptionsalt: \S+\n$/);
    rmSync(stray);
  });

  it("refuses the settings of another environment", async () => {
    const other = join(project.root, "Pulumi.test.yaml");
    const text = project.settings().replace("environment: dev", "environment: test");
    writeFileSync(other, text);
    const env = { PULUMI_OPTION_CONFIG_FILE: other };
    await expectRefusal(() => up("dev", { env }), /ENVIRONMENT_MISMATCH/, /Pulumi\.dev\.yaml/);
  });

  it("says pending in a preview of an empty color, and refuses its activation", async () => {
    expectExit(await project.run(["retire", "green", "--now"]), 0);
    project.edit({ activeColor: "green" });
    const plan = await project.pulumi([...preview, "--stack", "dev"]);
    expectExit(plan, 0);
    expect(plan.output).toMatch(/pending: green holds no release yet/);
    await expectRefusal(up, /COLOR_EMPTY/, /bluegreen deploy/);
    expect(await project.ask()).toMatchObject({ body: "blue 9" });
  });
});

describeOnEngine("a color that a person fills by hand", () => {
  it("is filled once its update is done, and anybody may switch to it then", async () => {
    const project = await makeProject({ settings: { version: "2", checks: "[]" } });
    onTestFinished(() => project.remove());
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    const claimed = await project.run(["claim", "green"]);
    expectExit(claimed, 0);
    expect(claimed.output).toContain("then `bluegreen switch green`");
    const early = await project.run(["switch", "green"]);
    expectError(early, { exit: 6, code: "CLAIMED", says: /goes on once it is filled/ });
    expectExit(await project.pulumi([...pulumiUp, "--stack", "dev-green"]), 0);
    const status = await project.run(["status"]);
    expect(status.stdout).toContain(
      "green is filled by hand and waits for `bluegreen switch green`",
    );
    expectExit(await project.run(["switch", "green", "--no-bake"]), 0);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
  });
});

describeOnEngine("an environment that doesn't exist yet", () => {
  it("has nothing to abort or to pin, and is made by a claim so that a person can fill it", async () => {
    const project = await makeProject({ settings: { version: "1" } });
    onTestFinished(() => project.remove());
    const aborted = await project.run(["abort"]);
    expectExit(aborted, 0);
    expect(aborted.output).toContain("no rollout is open");
    const missing = { exit: 2, code: "STACK_MISSING", says: /bluegreen deploy --version VERSION/ };
    expectError(await project.run(["pin", "1"]), missing);
    expectError(await project.run(["unpin", "1"]), missing);
    expectExit(await project.run(["claim", "green"]), 0);
    expectExit(await project.pulumi([...pulumiUp, "--stack", "dev-green"]), 0);
    project.edit({ activeColor: "green" });
    expectExit(await project.pulumi([...pulumiUp, "--stack", "dev"]), 0);
    expect(await project.ask()).toMatchObject({ body: "green 1" });
    const unpinned = await project.run(["unpin", "7"]);
    expectExit(unpinned, 0);
    expect(unpinned.output).toContain("release 7 isn't pinned");
    project.edit({ activeColor: "none" });
    const update = await project.pulumi([...pulumiUp, "--stack", "dev"]);
    expectExit(update, 0);
    expect(update.output).toMatch(/says none, which stops nothing: traffic stays on green/);
    expect((await project.run(["preview"])).output).toMatch(/bluegreen down --stop-serving/);
    expect(await project.ask()).toMatchObject({ body: "green 1" });
  });
});
