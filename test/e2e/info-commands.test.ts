/** The commands that inform and set up, as real processes on the real engine. */

import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { DoctorReport } from "../../automation/doctor/finding.ts";
import type { HistoryEntry } from "../../automation/history/entries.ts";
import { linkName } from "../../automation/init/link.ts";
import type { ColorReport, StatusReport } from "../../automation/status/report.ts";
import type { Color } from "../../infra/model.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project, ProjectOptions } from "../support/project/project.ts";
import { endProcesses } from "../support/project/processes.ts";
import type { Run } from "../support/project/command.ts";
import { eventually } from "../support/project/waiting.ts";

const options: ProjectOptions = {
  settings: {
    checks:
      "[{ kind: http, path: /probe, retries: 0 }, { kind: capacity }, " +
      "{ kind: load, paths: [/, /version], ratePerSecond: 50, for: 400ms }]",
  },
};

async function json<T>(run: Promise<Run>): Promise<T> {
  const { stdout, output } = await run;
  const lines = stdout.trim().split("\n");
  if (lines.length !== 1) throw new Error(`not one document: ${output}`);
  return JSON.parse(lines[0] ?? "") as T;
}

describeOnEngine("before the first deploy", () => {
  let project: Project;
  beforeAll(async () => {
    project = await makeProject(options);
  });
  afterAll(() => project.remove());

  it("status says what to do, and doctor finds no problem", async () => {
    const run = await project.run(["status"]);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain("nothing here yet: `bluegreen deploy --version 1`");
    const status = await json<StatusReport>(project.run(["status", "--json"]));
    expect(status).toMatchObject({ schema: 1, exists: false, environment: "dev" });
    const doctor = await project.run(["doctor"]);
    expect(doctor.output).toContain("no problem was found");
    expect(doctor.code).toBe(0);
  });

  it("check and history have nothing to show", async () => {
    const check = await project.run(["check"]);
    expect(check).toMatchObject({ code: 3 });
    expect(check.stderr).toContain("COLOR_EMPTY");
    expect(await json(project.run(["history", "--json"]))).toMatchObject({ entries: [] });
  });

  it("doctor names all problems of the settings at once, and looks at the rest", async () => {
    const before = project.settings();
    writeFileSync(
      project.settingsFile,
      `${before}  bluegreen:rollbackWindow: never\n  bluegreen:gat: x\n`,
    );
    try {
      const run = await project.run(["doctor"]);
      expect(run.code).toBe(5);
      expect(run.stdout).toContain("bluegreen:rollbackWindow");
      expect(run.stdout).toContain("bluegreen:gat");
      expect(run.stdout).toMatch(/ok +engine +Pulumi/);
    } finally {
      writeFileSync(project.settingsFile, before);
    }
  });
});

describeOnEngine("a project outside the checkout, without packages of its own", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject(options);
    for (const name of ["Pulumi.yaml", "Pulumi.dev.yaml", linkName]) {
      rmSync(join(project.folder, name));
    }
  });
  afterAll(() => project.remove());

  it("is made by init, deployed by the driver and updated by a plain pulumi", async () => {
    const words = ["node", "app/server.mjs", `--of=${project.root}`];
    const flags = ["--yes", "--health", "/healthz", "--port", String(project.port)];
    const made = await project.run(["init", ...flags, "--instances", "1", "--", ...words]);
    expect(made).toMatchObject({ code: 0 });
    expect(readdirSync(project.folder).sort()).toEqual([
      linkName,
      ".gitignore",
      "Pulumi.dev.yaml",
      "Pulumi.yaml",
      "app",
    ]);
    project.edit({ rollbackWindow: "0s" });
    writeFileSync(
      project.settingsFile,
      project.settings().replace("config:", "config:\n  bluegreen:bake: { duration: 0s }"),
    );
    const deployed = await project.run(["deploy", "--version", "1.0"]);
    expect(deployed).toMatchObject({ code: 0 });
    expect(await project.ask()).toMatchObject({ status: 200, color: "blue" });
    const passed = await project.run(["pulumi", "--", ...pulumiUp]);
    expect(passed.output).not.toContain("error:");
    expect(passed).toMatchObject({ code: 0 });
    const plain = await project.pulumi([...pulumiUp, "--stack", "dev"]);
    expect(plain).toMatchObject({ code: 0 });
  });

  it("works again after the link was lost, as in a fresh clone", async () => {
    rmSync(join(project.folder, linkName));
    expect((await project.run(["status"])).code).toBe(0);
    const run = await project.run(["pulumi", "--", "preview", "--non-interactive"]);
    expect(run.output).toContain("now leads to");
    expect(run).toMatchObject({ code: 0 });
  });
});

describeOnEngine("after two deploys", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({ ...options, instances: 2 });
    for (const version of ["1", "2"]) {
      const run = await project.run(["deploy", "--version", version]);
      if (run.code !== 0) throw new Error(run.output);
    }
  });
  afterAll(() => project.remove());

  it("status tells roles, releases, the phase and the way back", async () => {
    const status = await json<StatusReport>(project.run(["status", "--json"]));
    expect(status).toMatchObject({
      schema: 1,
      exists: true,
      url: project.url,
      activeColor: "green",
      generation: 2,
      weights: { recorded: { blue: 0, green: 100 }, served: { blue: 0, green: 100 } },
      rollout: { phase: "hold", color: "green", former: "blue", version: "2" },
      rollback: { possible: true, to: "blue", version: "1" },
      drift: [],
      problems: [],
    });
    expect(status.colors).toMatchObject({
      green: { role: "active", version: "2", ready: 2, size: 2, weight: 100, open: 0 },
      blue: { role: "idle", version: "1", ready: 2, size: 2, weight: 0 },
    });
    const screen = await project.run(["status"]);
    expect(screen.stdout).toMatch(/green +active +2 +[0-9a-f]{12} +2\/2 ready +100 %/);
    expect(screen.stderr).toBe("");
  });

  it("status --watch looks again until it is stopped, without complaint", async () => {
    const watching = project.start(["status", "--watch", "--json"]);
    await eventually("two looks", () => (watching.said().split("\n").length > 2 ? true : null));
    watching.signal("SIGINT");
    expect(await watching.done).toMatchObject({ code: 0, stderr: "" });
  });

  it("history tells who moved traffic where", async () => {
    const { entries } = await json<{ entries: readonly HistoryEntry[] }>(
      project.run(["history", "--json"]),
    );
    const moved = entries.filter(({ kind }) => kind === "traffic");
    expect(moved.map(({ what, result, by }) => [what, result, by])).toEqual([
      ["switch to green (2)", "succeeded", "bluegreen"],
      ["switch to blue (1)", "succeeded", "bluegreen"],
    ]);
    expect(moved[0]?.who).toMatch(/\S+ on \S+/);
    const limited = await json<{ entries: readonly unknown[] }>(
      project.run(["history", "--json", "--limit", "1"]),
    );
    expect(limited.entries).toHaveLength(1);
  });

  it("check passes on the idle color, and shows the evidence where it fails", async () => {
    const good = await project.run(["check"]);
    expect(good).toMatchObject({ code: 0 });
    expect(good.stdout).toContain("2 of 2 instances of blue are ready, 2 needed: 2 of green");
    expect(good.stdout).toMatch(/blue answered 20 of 20 requests well, p50 \d+ ms/);
    project.fault("1", { status: 500, health: 500 });
    try {
      const run = await project.run(["check", "blue"]);
      expect(run).toMatchObject({ code: 3 });
      expect(run.stdout).toContain("blue: fail");
      expect(run.stdout).toMatch(/fail +health/);
      expect(run.stdout).toMatch(
        /fail +load .*: 10 of 20 requests failed \(50 %\), none is allowed/,
      );
      expect(run.stderr).toContain("CHECK_FAILED");
      const checked = await json<{ verdict: string; code: string }>(
        project.run(["check", "blue", "--json"]),
      );
      expect(checked).toMatchObject({ verdict: "fail", code: "CHECK_FAILED" });
    } finally {
      project.fault("1", null);
    }
  });

  it("logs tells what the router served, also as it happens", async () => {
    const following = project.start(["logs", "--access", "--tail", "0", "--follow"]);
    await eventually("the request in the log", async () => {
      await project.ask("/followed");
      return following.said().includes('"path":"/followed"') ? true : null;
    });
    following.signal("SIGINT");
    expect(await following.done).toMatchObject({ code: 0, stderr: "" });
    const tail = await project.run(["logs", "--access", "--tail", "1"]);
    expect(JSON.parse(tail.stdout)).toMatchObject({ status: 200, color: "green" });
    expect(await project.run(["logs", "--tail", "x"])).toMatchObject({ code: 2 });
  });

  it("env and pulumi use the environment's settings file for a color's stack as well", async () => {
    const exported = await project.run(["env"]);
    expect(exported.stdout).toContain(`PULUMI_OPTION_CONFIG_FILE='${project.settingsFile}'`);
    const passphrase = readFileSync(join(project.root, "state/bluegreen/test/passphrase"), "utf8");
    expect(exported.stdout).not.toContain(passphrase.trim());
    const up = await project.run(["pulumi", "--", ...pulumiUp, "--stack", "dev-blue"]);
    expect(up.output).toContain("unchanged");
    expect(up).toMatchObject({ code: 0 });
    expect(readdirSync(project.folder)).not.toContain("Pulumi.dev-blue.yaml");
    expect(await project.run(["pulumi", "--", "nonsense"])).not.toMatchObject({ code: 0 });
  });

  it("a secret of the settings is deployed in clear and printed nowhere", async () => {
    const set = ["config", "set", "--secret", "--path", "bluegreen:local.env.TOKEN", "s3cret-v"];
    expect(await project.run(["pulumi", "--", ...set])).toMatchObject({ code: 0 });
    expect(project.settings()).toMatch(/\bsecure:/);
    expect(project.settings()).toContain("# Settings of a test; comments stay.");
    const deployed = await project.run(["deploy", "--version", "3", "--verbose"]);
    expect(deployed).toMatchObject({ code: 0 });
    const again = await project.run(["deploy", "--version", "3"]);
    expect(again.output).toContain("serves this release already");
    const outputs = await Promise.all(
      ["status", "history", "doctor", "env"].map((name) => project.run([name])),
    );
    for (const { output } of [deployed, again, ...outputs]) {
      expect(output).not.toContain("s3cret-v");
    }
  });

  it("without its router, status says so and doctor says what to do", async () => {
    const pid = (await project.router())?.pid ?? 0;
    await endProcesses([pid]);
    const run = await project.run(["status"]);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain("the local router doesn't run");
    const doctor = await project.run(["doctor", "--json"]);
    expect(doctor.code).toBe(5);
    const { findings } = JSON.parse(doctor.stdout) as DoctorReport;
    const problems = findings.filter(({ level }) => level === "problem");
    expect(problems.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining(["record", "router"]),
    );
    expect(problems.every(({ fix }) => fix?.includes("bluegreen up"))).toBe(true);
    expect(await project.run(["up"])).toMatchObject({ code: 0 });
    expect(await project.run(["doctor"])).toMatchObject({ code: 0 });
  });

  it("status says that a supervisor was killed though its instances answer", async () => {
    const { activeColor } = await project.record();
    if (activeColor === null) throw new Error("no color is active");
    const folder = project.place.color[activeColor];
    const supervisor = project
      .processes()
      .find(({ command }) => command.includes("supervisor/main.ts") && command.includes(folder));
    await endProcesses([supervisor?.pid ?? 0]);
    expect(await project.ask()).toMatchObject({ status: 200, color: activeColor });
    const { problems } = await json<StatusReport>(project.run(["status", "--json"]));
    expect(problems).toMatchObject([
      {
        subject: activeColor,
        sentence: "its supervisor doesn't answer: nobody starts an instance again",
        advice: "bring it back: `bluegreen up`",
      },
    ]);
    expect(await project.run(["up"])).toMatchObject({ code: 0 });
    const after = await json<StatusReport>(project.run(["status", "--json"]));
    expect(after.problems).toEqual([]);
  });

  it("status tells of a fill that failed, and not of the release before it", async () => {
    project.fault("4", { crash: true });
    expect(await project.run(["deploy", "--version", "4"])).toMatchObject({ code: 3 });
    const status = await json<StatusReport>(project.run(["status", "--json"]));
    const failed = /^filling with 4 failed; crash loop: \d+ restarts, last line "told to crash"$/;
    expect(idleOf(status)).toMatchObject({
      role: "unfinished",
      version: null,
      digest: null,
      filling: { state: "ended", version: "4", sentence: expect.stringMatching(failed) as string },
    });
    expect(status.problems.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(failed) as string,
    ]);
    const doctor = await project.run(["doctor"]);
    expect(doctor.stdout).toMatch(/problem +(blue|green) +filling with 4 failed/);
    expect(doctor.stdout).not.toMatch(/its stack says/);
  });

  it("status tells of a fill whose driver was killed", async () => {
    project.fault("5", { startMs: 60_000 });
    const filling = project.start(["deploy", "--version", "5"]);
    const started = async (color: Color): Promise<true | null> =>
      (await project.color(color))?.version === "5" ? true : null;
    await eventually(
      () => `release 5 is being started:\n${filling.said()}`,
      async () => (await started("blue")) ?? (await started("green")),
      30_000,
    );
    filling.signal("SIGKILL");
    await filling.done;
    const status = await json<StatusReport>(project.run(["status", "--json"]));
    expect(idleOf(status)).toMatchObject({
      role: "filling",
      version: null,
      filling: { state: "filling", version: "5" },
    });
    expect(idleOf(status).filling?.sentence).toMatch(
      /^being filled with 5 \(unfinished\); 0 of 2 instances are ready/,
    );
    expect(status.problems).toMatchObject([{ subject: "rollout" }]);
    const screen = await project.run(["status"]);
    expect(screen.stdout).toMatch(/(blue|green) +being filled with 5 \(unfinished\)/);
  });
});

function idleOf({ activeColor, colors }: StatusReport): ColorReport {
  return colors[activeColor === "blue" ? "green" : "blue"];
}
