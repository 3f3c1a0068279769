/** `bluegreen init` writes into real folders, through the real command. */

import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { answer } from "../../../automation/init/answers.ts";
import type { Wishes } from "../../../automation/init/answers.ts";
import { checkoutFolder } from "../../../automation/engine/folders.ts";
import { linkName, restoreLink } from "../../../automation/init/link.ts";
import { writeProject } from "../../../automation/init/write.ts";
import { parseSettingsFile } from "../../../infra/config.ts";
import { start } from "../../support/project/command.ts";
import type { Run } from "../../support/project/command.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bluegreen-init-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
});

function init(...args: readonly string[]): Promise<Run> {
  const file = join(checkoutFolder, "bin", "bluegreen");
  const { PATH, HOME } = process.env;
  return start({ file, args: ["init", ...args], cwd: folder, env: { PATH, HOME } }).done;
}

function read(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

describe("where the settings are there already, as in an example", () => {
  test.each(["postgres", "nginx"])("%s: it asks for nothing and keeps them", async (example) => {
    const from = join(checkoutFolder, "examples", example, "Pulumi.dev.yaml");
    const text = readFileSync(from, "utf8");
    writeFileSync(join(folder, "Pulumi.dev.yaml"), text);
    const run = await init("--yes", "--json");
    expect(run).toMatchObject({ code: 0, stderr: "" });
    const { files, answers, notes } = JSON.parse(run.stdout) as Record<string, unknown>;
    expect([read("Pulumi.dev.yaml"), notes]).toEqual([text, []]);
    expect(files).toContainEqual({ name: "Pulumi.dev.yaml", what: "kept" });
    expect(answers).toMatchObject({ port: 8080, health: "/healthz", versionPath: "/version" });
    expect((answers as { command: readonly string[] }).command).toContain("{port}");
    expect(read("Pulumi.yaml")).toContain(`main: ${linkName}/infra/index.ts`);
  });
});

describe("in an empty folder", () => {
  test("it makes both files and the link, and says what comes next", async () => {
    const run = await init("--yes", "--name", "My shop", "--port", "18999", "--", "node", "x.js");
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain("next: bluegreen deploy --version 1");
    expect(read("Pulumi.yaml")).toContain("name: My-shop\n");
    expect(read("Pulumi.dev.yaml")).toContain('command: ["node", "x.js"]');
    expect(read("Pulumi.dev.yaml")).toContain("port: 18999");
    expect(run.stdout).toContain("clients go to http://127.0.0.1:18999");
    expect(readlinkSync(join(folder, linkName))).toBe(checkoutFolder);
  });

  test("it refuses to guess a command, and writes nothing", async () => {
    const run = await init("--yes");
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toContain("bluegreen init -- node server.js");
    expect(() => read("Pulumi.yaml")).toThrow("ENOENT");
  });

  test("it names wrong values before it writes anything", async () => {
    const run = await init("--yes", "--port", "99999", "--health", "nope", "--", "node", "x.js");
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toContain("bluegreen:local.port");
    expect(run.stderr).toContain("bluegreen:health.path");
    expect(() => read("Pulumi.yaml")).toThrow("ENOENT");
  });
});

describe("where files exist", () => {
  test("it changes none of them, and says so as JSON", async () => {
    await init("--yes", "--", "node", "x.js");
    const before = [read("Pulumi.yaml"), read("Pulumi.dev.yaml")];
    const run = await init("--yes", "--json", "--", "node", "other.js");
    expect(run.code).toBe(0);
    expect((JSON.parse(run.stdout) as { files: unknown }).files).toEqual([
      { name: "Pulumi.yaml", what: "kept" },
      { name: "Pulumi.dev.yaml", what: "kept" },
      { name: linkName, what: "kept" },
      { name: ".gitignore", what: "kept" },
    ]);
    expect([read("Pulumi.yaml"), read("Pulumi.dev.yaml")]).toEqual(before);
  });

  test("a further environment is like the first one, on a port of its own, and says so", async () => {
    await init("--yes", "--port", "18990", "--health", "/up", "--", "node", "x.js");
    const used = read("Pulumi.dev.yaml").replace(
      "activeColor: none",
      "activeColor: green\n  bluegreen:generation: 4",
    );
    writeFileSync(join(folder, "Pulumi.dev.yaml"), used);
    const run = await init("--yes", "-s", "prod");
    expect(run.code).toBe(0);
    const port = /port: (\d+)/.exec(read("Pulumi.prod.yaml"))?.[1];
    expect(run.stderr).toContain(`all as in Pulumi.dev.yaml, but for port ${port ?? "none"};`);
    expect(Number(port)).toBeGreaterThan(18_990);
    const { local, ...rest } = parseSettingsFile(read("Pulumi.prod.yaml"), "Pulumi.prod.yaml");
    expect(local.command).toEqual(["node", "x.js"]);
    expect(rest).toMatchObject({
      environment: "prod",
      application: parseSettingsFile(used, "Pulumi.dev.yaml").application,
      health: { path: "/up" },
      activeColor: "none",
      generation: null,
    });
  });

  test.each([
    ["a right file", "instances: 2"],
    ["one with problems", "instances: many"],
  ])("the application is the other's, written without a namespace in %s", async (_, written) => {
    await init("--yes", "--", "node", "x.js");
    const bare = read("Pulumi.dev.yaml")
      .replace(/bluegreen:application: .*/, "application: shop")
      .replace("instances: 2", written);
    writeFileSync(join(folder, "Pulumi.dev.yaml"), bare);
    await init("--yes", "-s", "prod", "--", "node", "x.js");
    expect(parseSettingsFile(read("Pulumi.prod.yaml"), "Pulumi.prod.yaml").application).toBe(
      "shop",
    );
  });

  test("a port that another environment has is nobody else's, whoever listens", async () => {
    await init("--yes", "--port", "18990", "--", "node", "x.js");
    await init("--yes", "-s", "stage", "--port", "18991", "--", "node", "x.js");
    await init("--yes", "-s", "prod");
    expect(read("Pulumi.prod.yaml")).not.toMatch(/port: (18990|18991)\b/);
  });

  test("settings with problems are no model, and that is said", async () => {
    await init("--yes", "--", "node", "x.js");
    const broken = read("Pulumi.dev.yaml").replace("instances: 2", "instances: many");
    writeFileSync(join(folder, "Pulumi.dev.yaml"), broken);
    const run = await init("--yes", "-s", "prod", "--", "node", "y.js");
    expect(run.stderr).toContain("nothing is taken over from Pulumi.dev.yaml: it has problems");
    const id = (name: string): string | undefined => /application: (\S+)/.exec(read(name))?.[1];
    expect(id("Pulumi.prod.yaml")).toBe(id("Pulumi.dev.yaml"));
    expect(id("Pulumi.dev.yaml")).toMatch(/-[a-z2-7]{6}$/);
  });

  test("it refuses to join another Pulumi program", async () => {
    writeFileSync(join(folder, "Pulumi.yaml"), "name: other\nruntime: yaml\n");
    const run = await init("--yes", "--", "node", "x.js");
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toContain("belongs to another Pulumi program");
  });

  test("it keeps the link out of a version control that begins later", async () => {
    await init("--yes", "--", "node", "x.js");
    expect(read(".gitignore")).toBe(`/${linkName}\n`);
  });

  test("it keeps the link out of version control, once", async () => {
    mkdirSync(join(folder, ".git"));
    writeFileSync(join(folder, ".gitignore"), "node_modules");
    await init("--yes", "--", "node", "x.js");
    await init("--yes", "--", "node", "x.js");
    expect(read(".gitignore")).toBe(`node_modules\n/${linkName}\n`);
  });
});

describe("the link", () => {
  const answers = {
    name: "shop",
    application: "shop-1",
    environment: "dev",
    command: ["node", "x.js"],
    port: 18999,
    instances: 1,
    health: "/",
    versionPath: null,
  };

  test("is made again in a fresh clone, and where it leads nowhere", () => {
    writeProject({ cwd: folder, checkout: checkoutFolder }, answers);
    rmSync(join(folder, linkName));
    expect(restoreLink(folder, checkoutFolder)).toContain("now leads to");
    rmSync(join(folder, linkName));
    symlinkSync(join(folder, "gone"), join(folder, linkName));
    expect(restoreLink(folder, checkoutFolder)).toContain("now leads to");
    expect(restoreLink(folder, checkoutFolder)).toBeNull();
  });

  test("to another checkout stays, and a project that needs none gets none", () => {
    writeProject({ cwd: folder, checkout: folder + "/.." }, answers);
    expect(restoreLink(folder, checkoutFolder)).toBeNull();
    rmSync(join(folder, linkName));
    writeFileSync(join(folder, "Pulumi.yaml"), "name: x\nmain: infra/index.ts\n");
    expect(restoreLink(folder, checkoutFolder)).toBeNull();
    expect(lstatSync(join(folder, linkName), { throwIfNoEntry: false })).toBeUndefined();
  });
});

describe("answers", () => {
  const wishes: Wishes = {
    cwd: "",
    environment: "dev",
    name: null,
    command: [],
    port: 18_999,
    instances: 2,
    health: null,
    versionPath: null,
  };

  test("of a person win over guesses, which are offered", async () => {
    writeFileSync(join(folder, "app.py"), 'if path == "/health":');
    const asked: (readonly [string, string])[] = [];
    const { answers } = await answer({ ...wishes, cwd: folder }, (question, preset) => {
      asked.push([question, preset]);
      return Promise.resolve(preset === "/health" ? preset : "python3 app.py {port}");
    });
    expect(asked.map(([, preset]) => preset)).toEqual(["python3 app.py", "/health"]);
    expect(answers).toMatchObject({
      command: ["python3", "app.py", "{port}"],
      health: "/health",
    });
  });

  test("that were guessed are named with their reason", async () => {
    writeFileSync(join(folder, "app.py"), "");
    const { notes } = await answer({ ...wishes, cwd: folder }, null);
    expect(notes).toEqual([
      "command python3 app.py: from the file app.py",
      "health is asked at /: name a better path with --health",
    ]);
  });
});
