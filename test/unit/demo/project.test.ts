/** The demo's project is complete, and nothing of the user's reaches it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { declaredTraffic, makeProject, removeProject } from "../../../automation/demo/project.ts";
import type { DemoProject } from "../../../automation/demo/project.ts";
import { parseSettingsFile } from "../../../infra/config.ts";

const rate = { color: false, ratePerSecond: 800 };
const projects: DemoProject[] = [];

async function made(options = rate): Promise<DemoProject> {
  const project = await makeProject(options);
  projects.push(project);
  return project;
}

beforeEach(() => {
  vi.stubEnv("PULUMI_ACCESS_TOKEN", "pul-users-own");
  vi.stubEnv("PULUMI_BACKEND_URL", "s3://users-own");
  vi.stubEnv("BLUEGREEN_STACK", "prod");
  vi.stubEnv("BLUEGREEN_ENGINE", "/opt/pulumi");
  vi.stubEnv("CI", "true");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const project of projects.splice(0)) await removeProject(project);
});

it("has settings without a problem, and no traffic yet", async () => {
  const project = await made();
  const { settingsFile, url } = project;
  const settings = parseSettingsFile(readFileSync(settingsFile, "utf8"), settingsFile);
  expect(settings).toMatchObject({ environment: "dev", application: "demo", platform: "local" });
  expect(url).toBe(`http://127.0.0.1:${settings.local.port}`);
  expect(declaredTraffic(project)).toEqual({ activeColor: "none", generation: null });
});

it("judges a slower load for longer", async () => {
  const bakeOf = async (ratePerSecond: number): Promise<number> => {
    const { settingsFile } = await made({ color: false, ratePerSecond });
    return parseSettingsFile(readFileSync(settingsFile, "utf8"), settingsFile).bake.durationMs;
  };
  expect(await bakeOf(800)).toBe(3_000);
  expect(await bakeOf(200)).toBe(6_000);
});

it("finds the program and its provider through the link", async () => {
  const { folder } = await made();
  const text = readFileSync(join(folder, "Pulumi.yaml"), "utf8");
  const { main, plugins } = parse(text) as {
    main: string;
    plugins: { providers: { path: string }[] };
  };
  expect(existsSync(join(folder, main))).toBe(true);
  expect(existsSync(join(folder, plugins.providers[0]?.path ?? "", "main.ts"))).toBe(true);
});

it("leaves out the user's login, backend and environment, and keeps their engine", async () => {
  const { env, folder } = await made();
  const ours = Object.keys(env).filter((name) => /^(PULUMI|BLUEGREEN|CI$)/.test(name));
  expect(ours.sort()).toEqual([
    "BLUEGREEN_ENGINE",
    "PULUMI_HOME",
    "PULUMI_OPTION_SUPPRESS_PROGRESS",
  ]);
  expect(env["PULUMI_HOME"]).toBe(join(folder, "pulumi"));
  expect(env["XDG_STATE_HOME"]).toBe(join(folder, "state"));
});

it("is gone with all that is in it", async () => {
  const { folder } = await made();
  await removeProject({ folder });
  expect(existsSync(folder)).toBe(false);
});
