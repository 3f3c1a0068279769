/** What is wrong from outside: each time the right code, a hint that helps, and nothing lost. */

import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { Running } from "../support/project/command.ts";
import { describeOnEngine, skipReason } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { endProcesses } from "../support/project/processes.ts";
import { backendFolder, makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { makeSmallDisk } from "../support/project/small-disk.ts";
import type { Impossible, SmallDisk } from "../support/project/small-disk.ts";
import { eventually } from "../support/project/waiting.ts";

describeOnEngine("before there is an environment", () => {
  let project: Project;
  let good: string;

  beforeAll(async () => {
    project = await makeProject();
    good = project.settings();
  });

  removeAfterAll(() => project);

  /** For this test only. */
  function settings(change: (text: string) => string): void {
    writeFileSync(project.settingsFile, change(good));
    onTestFinished(() => {
      writeFileSync(project.settingsFile, good);
    });
  }

  it("names the line of YAML that can't be read", async () => {
    settings((text) => text.replace("drain: 200ms", "drain: [200ms"));
    const run = await project.run(["deploy", "--version", "1"]);
    expectError(run, { exit: 2, code: "SETTINGS_UNREADABLE", says: /line \d+, column \d+/ });
  });

  it("tells all problems of the settings at once", async () => {
    settings((text) =>
      text
        .replace("activeColor: none", "activeColor: purple")
        .replace("switchWithin", "switchWithn")
        .replace(/command: .*/, "command: []"),
    );
    const run = await project.run(["deploy", "--version", "1"]);
    expectError(run, { exit: 2, code: "SETTINGS_INVALID", says: /activeColor.*purple/ });
    expect(run.stderr).toMatch(/switchWithn.*switchWithin/);
    expect(run.stderr).toMatch(/local\.command/);
  });

  it("refuses the settings of another environment", async () => {
    settings((text) => text.replace("environment: dev", "environment: prod"));
    const run = await project.run(["up"]);
    expectError(run, { exit: 2, code: "SETTINGS_INVALID", says: /Pulumi\.dev\.yaml/ });
  });

  it("refuses a color that doesn't exist", async () => {
    const run = await project.run(["switch", "purple"]);
    expectExit(run, 2);
    expect(run.stderr).toMatch(/USAGE: [^]*"purple"[^]*blue[^]*green/);
  });

  it("says how to get an engine", async () => {
    const run = await project.run(["up"], { env: { BLUEGREEN_ENGINE: "/nowhere/pulumi" } });
    expectError(run, { exit: 2, code: "ENGINE_MISSING", says: /\/nowhere\/pulumi/ });
  });

  it("says that the backend can't be reached", async () => {
    const file = join(project.root, "not-a-folder");
    writeFileSync(file, "");
    for (const url of [`file://${file}`, `file://${file}/state`]) {
      const env = { PULUMI_BACKEND_URL: url, PULUMI_CONFIG_PASSPHRASE: "any" };
      const run = await project.run(["deploy", "--version", "1"], { env });
      expectError(run, { exit: 5, code: "BACKEND_UNREACHABLE" });
    }
    await eventually("nothing runs", () => (project.processes().length === 0 ? true : null));
  });

  it("says that the router's port is taken, and goes on once it is free", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(project.port, "127.0.0.1", resolve));
    const run = await project.run(["up"]).finally(() => server.close());
    expectError(run, { exit: 2, code: "PORT_IN_USE", says: new RegExp(String(project.port)) });
    expect(project.processes()).toEqual([]);
    expectExit(await project.run(["up"]), 0);
    expect(await project.ask()).toMatchObject({ status: 503, color: null });
  });

  it("leaves the router inactive when the first release ends again and again", async () => {
    project.fault("1", { crash: true });
    const run = await project.run(["deploy", "--version", "1"]);
    project.fault("1", null);
    expectError(run, { exit: 3, code: "PROVISION_FAILED", says: /code 3/ });
    expect(await project.ask()).toMatchObject({ status: 503, color: null });
  });

  it("stops at SIGTERM between two steps, and the same command goes on", async () => {
    const deploy = project.start(["deploy", "--version", "1"]);
    await eventually(
      deploy.said,
      () => (deploy.said().includes("done  claim") ? true : null),
      60_000,
    );
    deploy.signal("SIGTERM");
    const run = await deploy.done;
    expectError(run, { exit: 130, code: "INTERRUPTED", says: /the same command goes on/ });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
  });
});

describeOnEngine("while a release serves", () => {
  let project: Project;
  let disk: SmallDisk | Impossible;

  beforeAll(async () => {
    const checks = "[{ kind: http, path: '/big?bytes=10485760' }]";
    project = await makeProject({ settings: { checks } });
    disk = makeSmallDisk(join(project.root, "state"));
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
  });

  afterAll(async () => {
    // Guarded: when beforeAll failed there is nothing to remove.
    if ((project as Project | undefined) === undefined) return;
    await project.end();
    if (typeof disk !== "string") disk.remove();
    await project.remove();
  });

  async function expectUntouched(): Promise<void> {
    expect(await project.ask()).toMatchObject({ status: 200, body: "blue 1" });
  }

  async function killRouter(): Promise<void> {
    await endProcesses([(await project.router())?.pid ?? 0]);
  }

  /** Starts a deploy and waits until it is in the middle of filling the idle color. */
  async function deployInProvision(version: string): Promise<Running> {
    project.fault(version, { startMs: 1_500 });
    const deploy = project.start(["deploy", "--version", version, "--json"]);
    const isStarting = async (): Promise<true | null> => {
      const status = await project.color("green");
      const starting = status?.instances.some(({ state, pid }) => state === "starting" && pid);
      return status?.version === version && starting === true ? true : null;
    };
    await eventually(() => `green starts ${version}: ${deploy.said()}`, isStarting, 60_000);
    return deploy;
  }

  it("serves and checks a page of ten megabytes", async () => {
    const { status, body } = await project.ask("/big?bytes=10485760");
    expect(status).toBe(200);
    expect(body.length).toBeGreaterThanOrEqual(10_485_760);
    const run = await project.run(["check", "blue"]);
    expectExit(run, 0);
    expect(run.stdout).toMatch(/pass +http \/big/);
  });

  it("refuses a wrong passphrase", async () => {
    const env = { PULUMI_CONFIG_PASSPHRASE: "wrong" };
    const run = await project.run(["deploy", "--version", "2"], { env });
    expectError(run, { exit: 2, code: "PASSPHRASE_WRONG", says: /PULUMI_CONFIG_PASSPHRASE/ });
    expect(run.output).not.toMatch(/err\?|--config-file|Command failed/);
    await expectUntouched();
  });

  it("gives up a release whose health path redirects", async () => {
    project.fault("2", { health: 302 });
    const run = await project.run(["deploy", "--version", "2"]);
    project.fault("2", null);
    expectError(run, { exit: 3, code: "PROVISION_FAILED", says: /302/ });
    expect(await project.record()).toMatchObject({ activeColor: "blue", rollout: null });
    await expectUntouched();
  });

  it("starts no rollout while the router is down, and says what brings it back", async () => {
    await killRouter();
    const run = await project.run(["deploy", "--version", "2"]);
    expectError(run, { exit: 5, code: "ROUTER_DOWN", says: /bluegreen up/ });
    expectExit(await project.run(["up"]), 0);
    await expectUntouched();
  });

  it("uses the former routes when the newest ones are cut in half", async () => {
    const file = join(project.place.router, "routes.json");
    const text = readFileSync(file, "utf8");
    await killRouter();
    writeFileSync(file, text.slice(0, text.length / 2));
    expectExit(await project.run(["up"]), 0);
    await expectUntouched();
    expect(await project.record()).toMatchObject({ activeColor: "blue", generation: 1 });
  });

  it("doesn't touch what a newer version has written", async () => {
    const stack = ["--stack", "dev"];
    const state = (await project.pulumi(["stack", "export", ...stack])).stdout;
    const file = join(project.root, "state.json");
    async function importState(text: string): Promise<void> {
      writeFileSync(file, text);
      expectExit(await project.pulumi(["stack", "import", "--file", file, ...stack]), 0);
    }
    await importState(state.replaceAll(/"schema": 1\b/g, '"schema": 99'));
    for (const args of [["deploy", "--version", "2"], ["up"], ["rollback"]]) {
      expectError(await project.run(args), { exit: 2, code: "RECORD_NEWER", says: /99/ });
    }
    const hand = await project.pulumi([...pulumiUp, ...stack]);
    expect(hand.code).not.toBe(0);
    expect(hand.output).toContain("RECORD_NEWER");
    await expectUntouched();
    await importState(state);
    expectExit(await project.run(["up"]), 0);
  });

  // With so many pages left: it is the lock that can't be written, the state, or its history.
  it.for([0, 1, 3, 5])(
    "loses nothing when the disk is full but for %i pages",
    async (pages, { skip }) => {
      if (typeof disk === "string") {
        skip(skipReason(disk));
        return;
      }
      disk.fill({ pagesLeft: pages });
      onTestFinished(disk.free);
      const run = await project.run(["deploy", "--version", "2"]);
      expectExit(run, 5);
      expect(run.stderr).toMatch(/^(STORE_FAILED|STATE_BROKEN|ENGINE_FAILED): /m);
      await expectUntouched();
      disk.free();
      // Whatever was cut short doesn't stand in the way.
      const up = await project.run(["up"]);
      expectExit(up, 0);
      expect(await project.record()).toMatchObject({ activeColor: "blue", generation: 1 });
      await expectUntouched();
      expectExit(await project.run(["abort"]), 0);
    },
  );

  it("says that Pulumi's state was cut in half, and `up` puts the copy in its place", async () => {
    const state = join(backendFolder(project), ".pulumi/stacks/bluegreen/dev.json");
    const text = readFileSync(state, "utf8");
    writeFileSync(state, text.slice(0, text.length / 2));
    const run = await project.run(["deploy", "--version", "2"]);
    expectError(run, { exit: 5, code: "STATE_BROKEN", says: /bluegreen up/ });
    await expectUntouched();
    const up = await project.run(["up"]);
    expectExit(up, 0);
    expect(up.stderr).toContain("put Pulumi's copy in the place of dev's broken state");
    expect(await project.record()).toMatchObject({ activeColor: "blue", generation: 1 });
    await expectUntouched();
  });

  it("ends after the step at Ctrl-C, frees the lock, and goes on when asked again", async () => {
    const deploy = await deployInProvision("3");
    deploy.ctrlC();
    const run = await deploy.done;
    expectExit(run, 130);
    expect(run.stdout).toContain('"code":"INTERRUPTED"');
    // The color that was being filled is filled: the engine wasn't meant.
    expect(run.stdout).not.toContain("in the middle");
    const green = await project.pulumi(["stack", "output", "release", "--stack", "dev-green"]);
    expect(green.stdout).toContain('"version":"3"');
    await expectUntouched();
    const again = await project.run(["deploy"]);
    expectExit(again, 0);
    expect(again.stderr).not.toContain("took over the lock");
    expect(await project.ask()).toMatchObject({ body: "green 3" });
    expectExit(await project.run(["rollback"]), 0);
    await expectUntouched();
  });

  it("ends at once at a second Ctrl-C, and goes on when asked again", async () => {
    const deploy = await deployInProvision("4");
    deploy.ctrlC();
    await eventually("the first is noticed", () =>
      deploy.said().includes("stopping after this step") ? true : null,
    );
    deploy.ctrlC();
    expectExit(await deploy.done, 130);
    await expectUntouched();
    expectExit(await project.run(["deploy"]), 0);
    expect(await project.ask()).toMatchObject({ body: "green 4" });
  });
});
