/** A rollout from the first release to the end of the environment, by the command line alone. */

import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { Event } from "../../automation/event.ts";
import { appFile, appSource } from "../support/project/app.ts";
import type { Run } from "../support/project/command.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { endProcesses } from "../support/project/processes.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

function eventsOf({ stdout }: Run): readonly Event[] {
  const lines = stdout.trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Event);
}

describeOnEngine("an environment's life by the command line", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject();
  });

  removeAfterAll(() => project);

  /** Kills the router, both supervisors and all instances, as a power cut does. */
  async function killEverything(): Promise<void> {
    const router = await project.router();
    const colors = await Promise.all([project.color("blue"), project.color("green")]);
    expect(router).not.toBeNull();
    expect(colors).not.toContain(null);
    await endProcesses(project.processes().map(({ pid }) => pid));
    expect(project.processes()).toEqual([]);
  }

  it("refuses a rollback and a switch before there is anything", async () => {
    const rollback = await project.run(["rollback"]);
    expectExit(rollback, 3);
    expect(rollback.stderr).toContain("NOTHING_TO_ROLL_BACK");
    const run = await project.run(["switch", "green"]);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain("hint: ");
    expect(project.processes()).toEqual([]);
  });

  it("serves a first release", async () => {
    const run = await project.run(["deploy", "--version", "1"]);
    expect(run.output).toContain("blue serves 1");
    expectExit(run, 0);
    expect(await project.ask()).toEqual({ status: 200, color: "blue", body: "blue 1" });
  });

  it("makes no settings file for a color's stack", () => {
    const files = readdirSync(project.folder).filter((name) => name.startsWith("Pulumi."));
    expect(files.sort()).toEqual(["Pulumi.dev.yaml", "Pulumi.yaml"]);
  });

  it("writes the switch into the settings file and keeps its comments", () => {
    const text = project.settings();
    expect(text).toContain("# Settings of a test; comments stay.");
    expect(text).toContain("bluegreen:activeColor: blue");
    expect(text).toContain("bluegreen:generation: 1");
  });

  it("does nothing when the release serves already", async () => {
    const run = await project.run(["deploy", "--version", "1"]);
    expect(run).toMatchObject({ code: 0, stdout: "" });
    expect(run.stderr).toContain("blue serves this release already");
    expect(await project.record()).toMatchObject({ activeColor: "blue", generation: 1 });
  });

  it("rolls out a second release and tells it as one JSON event per line", async () => {
    const run = await project.run(["deploy", "--version", "2", "--json"]);
    expectExit(run, 0);
    const events = eventsOf(run);
    const kinds = events.map(({ kind }) => kind);
    expect(kinds[0]).toBe("Started");
    expect(kinds).toEqual(expect.arrayContaining(["Checked", "Switched", "Probed", "Finished"]));
    expect(kinds.at(-1)).toBe("Finished");
    const probed = events.find((event) => event.kind === "Probed");
    expect(probed?.probe.failed).toBe(0);
    expect(probed?.probe.byColor).toEqual({
      blue: expect.any(Number) as number,
      green: expect.any(Number) as number,
    });
    expect(await project.ask()).toMatchObject({ color: "green", body: "green 2" });
  });

  it("leaves its event log in the state folder", () => {
    const folder = join(project.place.router, "..", "rollouts");
    expect(readdirSync(folder).filter((name) => name.endsWith(".ndjson")).length).toBeGreaterThan(
      1,
    );
  });

  it("returns to the former release", async () => {
    const run = await project.run(["rollback", "--reason", "orders fail"]);
    expectExit(run, 0);
    expect(run.stderr).toContain("orders fail");
    expect(await project.ask()).toMatchObject({ color: "blue", body: "blue 1" });
    expect(await project.record()).toMatchObject({ activeColor: "blue", generation: 3, pins: [] });
  });

  it("moves traffic to a color as it is", async () => {
    const run = await project.run(["switch", "green", "--no-bake"]);
    expectExit(run, 0);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    const again = await project.run(["switch", "green", "--no-bake"]);
    expectExit(again, 0);
    expect(again.stderr).toContain("green is active");
    expect(await project.record()).toMatchObject({ activeColor: "green", generation: 4 });
  });

  it("keeps the former color while its window is open", async () => {
    const run = await project.run(["retire"]);
    expectExit(run, 3);
    expect(run.stderr).toMatch(/WINDOW_OPEN|COLOR_BUSY/);
    expect(run.stderr).toContain("bluegreen retire --now");
    expect((await project.color("blue"))?.ready).toBe(1);
  });

  it("notices by a hand-run refresh what was killed, and the next update repairs it", async () => {
    const router = await project.router();
    const blue = await project.color("blue");
    await endProcesses([router?.pid ?? 0, supervisorOf("blue"), blue?.instances[0]?.pid ?? 0]);
    const flags = ["--yes", "--non-interactive", "--skip-preview", "--color", "never"];
    const refresh = await project.pulumi(["refresh", ...flags, "--stack", "dev"]);
    expectExit(refresh, 0);
    expect(refresh.stdout).toMatch(/2 deleted/);
    const color = await project.pulumi(["refresh", ...flags, "--stack", "dev-blue"]);
    expect(color.stdout).toMatch(/1 deleted/);
    expectExit(await project.pulumi([...pulumiUp, "--stack", "dev"]), 0);
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    expectExit(await project.run(["up"]), 0);
    expect(await project.color("blue")).toMatchObject({ ready: 1, version: "1" });
  });

  it("brings everything back after a power cut, though the files were changed since", async () => {
    const before = await project.record();
    const digests = [(await project.color("blue"))?.digest, (await project.color("green"))?.digest];
    await killEverything();
    writeFileSync(join(project.folder, "app", appFile), appSource.replaceAll("COLOR + ", '"!" + '));
    const run = await project.run(["up"]);
    expectExit(run, 0);
    expect(run.stderr).toContain("green is active");
    expect(await project.ask()).toEqual({ status: 200, color: "green", body: "green 2" });
    const after = [(await project.color("blue"))?.digest, (await project.color("green"))?.digest];
    expect(after).toEqual(digests);
    expect(await project.record()).toEqual(before);
    writeFileSync(join(project.folder, "app", appFile), appSource);
  });

  it("empties the idle color when its window is given up", async () => {
    const run = await project.run(["retire", "--now"]);
    expectExit(run, 0);
    expect(run.stderr).toContain("blue is empty");
    expect(await project.color("blue")).toBeNull();
    expect(await project.record()).toMatchObject({ activeColor: "green", retiring: null });
    const rollback = await project.run(["rollback"]);
    expectExit(rollback, 3);
    expect(rollback.stderr).toContain("NOTHING_TO_ROLL_BACK");
    expect(await project.ask()).toMatchObject({ body: "green 2" });
  });

  it("goes only when that is said, and then leaves nothing behind", async () => {
    const refused = await project.run(["down", "--yes"]);
    expectExit(refused, 3);
    expect(refused.stderr).toContain("ROUTER_ACTIVE");
    expect(await project.ask()).toMatchObject({ body: "green 2" });
    const run = await project.run(["down", "--stop-serving", "--yes"]);
    expectExit(run, 0);
    expect(project.processes()).toEqual([]);
    expect(await project.router()).toBeNull();
    const stacks = await project.pulumi(["stack", "ls", "--json"]);
    expect(JSON.parse(stacks.stdout)).toEqual([]);
  });

  function supervisorOf(color: "blue" | "green"): number {
    const dir = project.place.color[color];
    const found = project.processes().find(({ command }) => command.endsWith(` ${dir}`));
    expect(found?.command).toContain("supervisor");
    return found?.pid ?? 0;
  }
});
