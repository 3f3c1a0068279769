/** The way back where the engine is locked, missing or of no help, and switches that aren't served. */

import { rmSync, writeFileSync } from "node:fs";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { setRoutes } from "../../infra/platforms/local/router/client.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { holdLock } from "../support/project/held-lock.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { eventually } from "../support/project/waiting.ts";

/** The version check alone: what only the probe through the router meets isn't checked before. */
const settings = {
  checks: "[{ kind: version, path: /version }]",
  switchWithin: "1s",
};
const noEngine = { env: { BLUEGREEN_ENGINE: "/nowhere/pulumi" } };

describeOnEngine("the way back past the engine", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({ settings });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
  });

  removeAfterAll(() => project);

  function holdRoutersLock(): () => void {
    const lock = holdLock(project);
    onTestFinished(lock.free);
    return lock.free;
  }

  it("works while another process holds the lock, and pins what it leaves", async () => {
    const free = holdRoutersLock();
    const run = await project.run(["rollback", "--direct", "--pin", "--reason", "carts vanish"]);
    expectExit(run, 0);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    const mark = { generation: 3, reason: "carts vanish", pin: { version: "2" } };
    expect((await project.router())?.routes.mark).toMatchObject(mark);
    expect(project.settings()).toMatch(/activeColor: blue\n(.*\n)*.*generation: 3/);
    free();
  });

  it("doesn't go back and forth when it is asked again, and writes the file if that is left", async () => {
    project.edit({ activeColor: "green", generation: 2 });
    const run = await project.run(["rollback", "--direct"]);
    expectExit(run, 0);
    expect(run.stderr).toContain("blue is active again already");
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expect(project.settings()).toMatch(/activeColor: blue\n(.*\n)*.*generation: 3/);
  });

  it("is taken over by the next hand-run update, which moves no traffic", async () => {
    const before = await project.router();
    const run = await project.pulumi([...pulumiUp, "--stack", "dev"]);
    expectExit(run, 0);
    expect(run.output).toMatch(/rolled back at .*: carts vanish/);
    const record = { activeColor: "blue", generation: 3, declared: "blue" };
    expect(await project.record()).toMatchObject({ ...record, pins: [{ version: "2" }] });
    const after = await project.router();
    expect(after?.routes).toEqual(before?.routes);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
  });

  it("doesn't go forth again either once the record has taken it over", async () => {
    const run = await project.run(["rollback", "--direct"], noEngine);
    expectExit(run, 0);
    expect(run.stderr).toMatch(/blue is active again already, .* rolled back at .*: carts vanish/);
    expect(run.stderr).toContain("`bluegreen switch green`");
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
  });

  it("finds the router by the settings of the last update when there are none", async () => {
    const text = project.settings();
    rmSync(project.settingsFile);
    const run = await project.run(["rollback", "--direct"], noEngine).finally(() => {
      writeFileSync(project.settingsFile, text);
    });
    expectExit(run, 0);
    expect(run.stderr).toMatch(/without the settings file \(SETTINGS_UNREADABLE: /);
    expect(run.stderr).toContain("blue is active again already");
  });

  it("is chosen by itself when the settings file is broken", async () => {
    const text = project.settings();
    writeFileSync(project.settingsFile, `${text}\n  bluegreen:nope: 1\n`);
    const run = await project.run(["rollback"]).finally(() => {
      writeFileSync(project.settingsFile, text);
    });
    expectExit(run, 0);
    expect(run.stderr).toMatch(/without the settings file \(SETTINGS_\w+: /);
    expect(run.stderr).toContain("blue is active again already");
  });

  it("isn't undone by an update that looked before it", async () => {
    const weights = { blue: 0, green: 100 };
    const { routes } = (await project.router()) ?? expect.fail("there is no router");
    const late = setRoutes(project.place.router, { ...routes, weights, generation: 2 });
    await expect(late).rejects.toMatchObject({ code: "DRIFT", exitCode: 5 });
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
  });

  it("is chosen by itself when the lock isn't had in five seconds", async () => {
    expectExit(await project.run(["unpin", "2"]), 0);
    expectExit(await project.run(["switch", "green", "--no-bake"]), 0);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    const free = holdRoutersLock();
    const started = Date.now();
    const run = await project.run(["rollback"]);
    expectExit(run, 0);
    expect(Date.now() - started).toBeGreaterThan(4_500);
    expect(run.stderr).toMatch(/the engine can't do it \(STACK_LOCKED: .*\), going direct/);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    free();
    const up = await project.run(["up"]);
    expectExit(up, 0);
    expect(await project.record()).toMatchObject({ activeColor: "blue", generation: 5, pins: [] });
  });

  it("is chosen by itself when there is no engine", async () => {
    expectExit(await project.run(["switch", "green", "--no-bake"]), 0);
    const run = await project.run(["rollback", "--pin"], noEngine);
    expectExit(run, 0);
    expect(run.stderr).toMatch(/the engine can't do it \(ENGINE_MISSING: .*\), going direct/);
    expect(run.stderr).toMatch(/green's release isn't pinned.*`bluegreen pin`/);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expectExit(await project.run(["rollback", "--direct"], noEngine), 0);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expectExit(await project.run(["up"]), 0);
    expect(await project.record()).toMatchObject({ activeColor: "blue", generation: 7 });
  });

  it("goes back when a switch isn't served in time", async () => {
    project.fault("3", { silentProbe: true });
    const run = await project.run(["deploy", "--version", "3"]);
    const says = /asked for blue 0 \/ green 100, but .* within 1000 ms/;
    expectError(run, { exit: 3, code: "SWITCH_NOT_SERVED", says });
    expect(run.stderr).toContain("the router was set back to blue 100 / green 0");
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expect(await project.color("green")).toMatchObject({ version: "3", ready: 1 });
    expect(await project.record()).toMatchObject({ activeColor: "blue", generation: 7 });
  });

  it("goes back when a person's switch isn't served in time", async () => {
    project.edit({ activeColor: "green", generation: 7 });
    const run = await project.pulumi([...pulumiUp, "--stack", "dev"]);
    expect(run.code).not.toBe(0);
    expect(run.output).toMatch(/error: .*SWITCH_NOT_SERVED: asked for blue 0 \/ green 100/);
    expect(run.output).toMatch(/hint: the router was set back to blue 100 \/ green 0/);
    expect(run.output).not.toContain("unhandled exception");
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    const again = await project.pulumi([...pulumiUp, "--stack", "dev"]);
    expect(again.output).toMatch(/SWITCH_NOT_SERVED/);
    project.edit({ activeColor: "blue" });
    expectExit(await project.pulumi([...pulumiUp, "--stack", "dev"]), 0);
    expect(await project.record()).toMatchObject({ activeColor: "blue", generation: 7 });
  });

  it("refuses to return to a color without a ready instance", async () => {
    project.fault("3", null);
    expectExit(await project.run(["switch", "green", "--no-bake"]), 0);
    project.fault("1", { health: 503 });
    const run = await project.run(["rollback", "--direct"]);
    expectError(run, { exit: 5, code: "ROLLBACK_IMPOSSIBLE", says: /answered 503/ });
    expect(await project.ask()).toMatchObject({ body: "green 3" });
  });

  it("says that traffic has moved when a way back isn't seen to be served", async () => {
    project.fault("1", { silentProbe: true });
    const run = await project.run(["rollback"]);
    expectError(run, {
      exit: 5,
      code: "SWITCH_STUCK",
      says: /asked for blue 100 .* within 1000 ms/,
    });
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
  });
});

describeOnEngine("a release that fails its bake while another process holds the lock", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({ settings });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    const bake = "bluegreen:bake: { duration: 60s, interval: 1s }";
    writeFileSync(project.settingsFile, project.settings().replace(/bluegreen:bake: .*/, bake));
  });

  removeAfterAll(() => project);

  it("loses its traffic past the engine, and is pinned", async () => {
    const running = project.start(["deploy", "--version", "2"]);
    await eventually(
      () => `release 2 bakes:\n${running.said()}`,
      async () => ((await project.record()).rollout?.phase === "bake" ? true : null),
      60_000,
    );
    const lock = holdLock(project);
    onTestFinished(lock.free);
    project.fault("2", { status: 500 });
    const run = await running.done;
    expectError(run, {
      exit: 4,
      code: "ROLLED_BACK",
      says: /\d+ (errors|failures) in [\d,]+ requests/,
    });
    expect(run.stderr).toMatch(/the engine can't do it \(STACK_LOCKED: .*\), going direct/);
    expect(await project.ask()).toMatchObject({ body: "blue 1" });
    expect((await project.router())?.routes.mark).toMatchObject({ pin: { version: "2" } });
    expect(project.settings()).toMatch(/activeColor: blue\n/);
    lock.free();
    const again = await project.run(["deploy", "--version", "2"]);
    expectError(again, { exit: 3, code: "RELEASE_PINNED", says: /(errors|failures) in/ });
    expectExit(await project.run(["up"]), 0);
    expect(await project.record()).toMatchObject({ activeColor: "blue", pins: [{ version: "2" }] });
  });
});

describeOnEngine("beside a release that has failed its checks", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({
      settings: { checks: "[{ kind: http, path: /page, retries: 0 }]" },
    });
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
  });

  removeAfterAll(() => project);

  it("a direct rollback stays: that release has never had traffic", async () => {
    project.fault("2", { status: 500 });
    const run = await project.run(["deploy", "--version", "2"]);
    expectError(run, { exit: 3, code: "CHECK_FAILED", says: /500/ });
    project.fault("2", null);
    for (const options of [{}, noEngine]) {
      const direct = await project.run(["rollback", "--direct"], options);
      expectError(direct, { exit: 3, code: "NOTHING_TO_ROLL_BACK", says: /former color/ });
      expect(await project.ask()).toMatchObject({ body: "blue 1" });
    }
  });
});
