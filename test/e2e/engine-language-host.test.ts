/** A hand-run Pulumi, with what `bluegreen env` exports, runs our kind of program by our host. */
import { execFileSync, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseBackend } from "../../automation/engine/backend.ts";
import { lookAtProcess } from "../../automation/engine/processes.ts";
import { engineOfThisMachine, makeProject } from "../component/engine/project.ts";
import type { Project } from "../component/engine/project.ts";
import { eventually } from "../component/engine/scratch.ts";

const engine = await engineOfThisMachine();
if (engine === null) console.warn("skipped: this machine has no Pulumi engine");

const projectFile = `
name: shop
main: infra/index.ts
runtime:
  name: nodejs
  options:
    typescript: false
`;

const program = `
import { writeFile } from "node:fs/promises";
import * as pulumi from "@pulumi/pulumi";
import { greet } from "./greeting.ts";
import type { Name } from "./greeting.ts";

const config = new pulumi.Config();
const name: Name = await Promise.resolve(config.require("name"));
console.log("the program says hello");
if (config.getBoolean("fails")) throw new Error("the database is missing");
const pidFile = config.get("pidFile");
if (pidFile !== undefined) {
  await writeFile(pidFile, String(process.pid));
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}
export const greeting = greet(name);
export const password = config.requireSecret("password");
export const dryRun = pulumi.runtime.isDryRun();
export const where = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
`;

const greeting = `
export type Name = string;
export function greet(name: Name): string {
  return "hello " + name;
}
`;

const up = "pulumi up --stack dev --yes --non-interactive --skip-preview --color never";

describe.skipIf(engine === null)("a hand-run pulumi", () => {
  let project: Project;

  beforeAll(async () => {
    if (engine === null) return;
    project = await makeProject(engine);
    await project.write("package.json", '{ "name": "shop", "type": "module" }');
    await project.write("Pulumi.yaml", projectFile);
    await project.write("infra/index.ts", program);
    await project.write("infra/greeting.ts", greeting);
    await project.sh("pulumi stack init dev");
    await project.sh("pulumi config set name world");
    await project.sh("pulumi config set --secret password hunter2");
  });

  afterAll(async () => {
    // Guarded: when beforeAll failed there is nothing to remove.
    if ((project as Project | undefined) !== undefined) await project.scratch.remove();
  });

  async function outputs(stack: string): Promise<unknown> {
    const run = await project.sh(`pulumi stack output --json --stack ${stack}`);
    return JSON.parse(run.stdout) as unknown;
  }

  it("runs an ESM TypeScript program with .ts imports and top-level await", async () => {
    const run = await project.sh(up);
    expect(run.output).toContain("the program says hello");
    expect(run).toMatchObject({ code: 0 });
    expect(await outputs("dev")).toEqual({
      greeting: "hello world",
      password: "[secret]",
      dryRun: false,
      where: "organization/shop/dev",
    });
  });

  it("keeps a secret a secret all the way", async () => {
    const run = await project.sh(up);
    expect(run.output).not.toContain("hunter2");
    const shown = await project.sh("pulumi stack output password --show-secrets --stack dev");
    expect(shown.stdout.trim()).toBe("hunter2");
  });

  it("previews without changing anything", async () => {
    const run = await project.sh(
      "pulumi preview --stack dev --non-interactive --color never --diff",
    );
    expect(run.code).toBe(0);
    expect(run.output).toMatch(/dryRun\s*: false => true/);
    expect(await outputs("dev")).toMatchObject({ dryRun: false });
  });

  it("shows what a failing program says and fails", async () => {
    const run = await project.sh(`${up} -c fails=true`);
    await project.sh("pulumi config rm fails --stack dev");
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("Error: the database is missing");
    expect(run.output).not.toContain("exited prematurely");
  });

  it("leaves no login behind, so that the same backend is chosen again", async () => {
    const question = { platform: "local", ci: false, application: "test", environment: "dev" };
    const choice = await chooseBackend({
      ...question,
      env: { HOME: project.env["HOME"], XDG_STATE_HOME: project.env["XDG_STATE_HOME"] },
      cwd: project.folder,
    });
    expect(choice).toMatchObject({ owner: "bluegreen", url: project.backendUrl });
  });

  it("says so in one line when the program's packages aren't installed", async () => {
    const run = await project.sh(`
      mkdir -p ../bare && cp -r Pulumi.yaml Pulumi.dev.yaml package.json infra ../bare && cd ../bare
      pulumi preview --non-interactive --color never --stack dev`);
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("@pulumi/pulumi isn't installed in");
    expect(run.output).toContain("npm install");
  });

  it("uses one settings file for stacks of other names", async () => {
    const file = { PULUMI_OPTION_CONFIG_FILE: `${project.folder}/Pulumi.dev.yaml` };
    await project.sh("pulumi stack init dev-blue", file);
    const before = await readFile(`${project.folder}/Pulumi.dev.yaml`, "utf8");
    const run = await project.sh(up.replace("--stack dev ", "--stack dev-blue "), file);
    expect(run.output).not.toContain("error:");
    expect(run.code).toBe(0);
    expect(await outputs("dev-blue")).toMatchObject({
      greeting: "hello world",
      where: "organization/shop/dev-blue",
    });
    expect(await readFile(`${project.folder}/Pulumi.dev.yaml`, "utf8")).toBe(before);
  });

  it.each(["SIGKILL", "SIGINT"] as const)("ended by %s leaves no process", async (signal) => {
    const pidFile = project.scratch.path(`pid-${signal}`);
    const args = [...up.split(" ").slice(1), "-c", `pidFile=${pidFile}`];
    const pulumi = spawn("pulumi", args, { cwd: project.folder, env: project.env });
    const programPid = await eventually("the program runs", async () => {
      const text = await readFile(pidFile, "utf8").catch(() => "");
      return text === "" ? null : Number(text);
    });
    try {
      const hostPid = parentOf(programPid);
      pulumi.kill(signal);
      for (const pid of [programPid, hostPid, pulumi.pid ?? 0]) {
        await eventually(`process ${pid} is gone`, async () =>
          (await lookAtProcess(pid)) === null ? true : null,
        );
      }
    } finally {
      if ((await lookAtProcess(programPid)) !== null) process.kill(programPid, "SIGKILL");
      pulumi.kill("SIGKILL");
      await project.sh("pulumi config rm pidFile --stack dev; pulumi cancel --yes --stack dev");
    }
  });
});

function parentOf(pid: number): number {
  return Number(execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }));
}
