/** `bluegreen preview` on the real engine: what it says, and that nothing at all comes of it. */

import { createHash, randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PreviewSummary } from "../../automation/preview/summary.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { endProcesses } from "../support/project/processes.ts";
import { backendFolder, makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeAfterAll } from "../support/project/removal.ts";

const secret = "correct-horse-battery";

/** What runs writes these at any time, and Pulumi itself keeps logs of its own calls. */
const living = /\.log$|\/logs\/|\.sock$|\/home\/\.pulumi\/(logs|logs\/.*)$|\/cache\//;

/** Contents, times and modes of all files of the project: settings, state, history, home. */
function everything({ root }: Project): Readonly<Record<string, string>> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes("/project/.bluegreen/") && !living.test(file));
  return Object.fromEntries(files.sort().map((file) => [file, printOf(file)]));
}

function printOf(file: string): string {
  const { mtimeMs, mode } = statSync(file);
  const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
  return `${hash} ${mtimeMs} ${mode.toString(8)}`;
}

interface Look {
  readonly code: number;
  readonly summary: PreviewSummary;
}

const wallMs: Record<string, number[]> = {};

/** A preview in all three formats, that must leave everything as it was. */
async function look(project: Project, args: readonly string[] = []): Promise<Look> {
  const before = everything(project);
  const started = performance.now();
  const run = await project.run(["preview", "--exit-code", "--json", ...args]);
  const name = args.find((arg) => arg.startsWith("--")) ?? "file";
  (wallMs[name] ??= []).push(Math.round(performance.now() - started));
  expect(everything(project)).toEqual(before);
  if (run.stdout === "") throw new Error(`no preview: ${run.output}`);
  expect(run.output).not.toContain(secret);
  return { code: run.code, summary: JSON.parse(run.stdout) as PreviewSummary };
}

async function read(project: Project, format: string, args: readonly string[]): Promise<string> {
  const { stdout, output } = await project.run(["preview", "--format", format, ...args]);
  expect(output).not.toContain(secret);
  return stdout;
}

function guardOf({ summary }: Look, name: string) {
  return summary.guards.find(({ guard }) => guard === name);
}

describeOnEngine("a preview of an environment that doesn't exist yet", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject();
    const text = project.settings().replace(/^.*bluegreen:application.*\n/m, "");
    writeFileSync(project.settingsFile, text);
  });

  removeAfterAll(() => project);

  it("shows what a first deploy would make, and makes none of it", async () => {
    const { code, summary } = await look(project, ["--version", "1"]);
    expect(summary.headline).toBe("dev: traffic no color -> blue (1) through local");
    expect(code).toBe(10);
    expect(summary.stacks).toMatchObject([
      { stack: "dev", exists: false, problem: null },
      { stack: "dev-blue", exists: false, problem: null },
    ]);
    expect(summary.stacks[1]?.changes).toContainEqual({
      operation: "create",
      type: "bluegreen-core:local:Instances",
      name: "dev-blue-instances",
      fields: [],
    });
    expect(summary.notes.join()).toContain("no bluegreen:application yet");
    expect(summary.expected?.basis).toBe("defaults");
    expect(existsSync(join(project.root, "state", "bluegreen"))).toBe(false);
    expect(project.processes()).toEqual([]);
  });

  it("shows what the settings file would make", async () => {
    const { code, summary } = await look(project);
    expect(summary).toMatchObject({
      headline: "dev: no change of traffic",
      outcome: "changes",
      stacks: [{ stack: "dev", exists: false }],
    });
    expect(code).toBe(11);
  });

  it("refuses a switch to a color that holds nothing", async () => {
    const seen = await look(project, ["--switch", "green"]);
    expect(seen.code).toBe(3);
    expect(seen.summary.outcome).toBe("refused");
  });
});

describeOnEngine("a preview of a living environment", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject();
    const text = project.settings().replace("env: {", `env: { TOKEN: ${secret},`);
    writeFileSync(project.settingsFile, text);
    const run = await project.run(["deploy", "--version", "1"]);
    if (run.code !== 0) throw new Error(run.output);
  });

  removeAfterAll(() => project);

  afterAll(() => {
    console.info("wall time of previews in ms:", JSON.stringify(wallMs));
  });

  function asFile(activeColor: string, generation: number): void {
    project.edit({ activeColor, generation });
  }

  it("has nothing to say of a file that asks for what is", async () => {
    const seen = await look(project);
    expect(seen.summary).toMatchObject({
      headline: "dev: no change of traffic",
      outcome: "nothing",
    });
    expect(seen.code).toBe(0);
    expect(guardOf(seen, "intent")).toMatchObject({ result: "pass" });
  });

  it("shows a deploy into a color whose stack doesn't exist, with the digest that it will have", async () => {
    const { code, summary } = await look(project, ["--version", "2"]);
    expect(code).toBe(10);
    expect(summary.headline).toBe("dev: traffic blue (1) -> green (2) through local");
    expect(summary.stacks.map(({ stack, exists }) => [stack, exists])).toEqual([
      ["dev", true],
      ["dev-green", false],
    ]);
    expect(summary.stacks[1]?.changes[0]?.operation).toBe("create");
    const run = await project.run(["deploy", "--version", "2"]);
    expect(run.code).toBe(0);
    const { rollout } = await project.record();
    expect(rollout).toMatchObject({ color: "green", digest: summary.deployment?.digest });
  });

  it("shows a deploy that would refill a color, with the time that former ones took", async () => {
    const { summary } = await look(project, ["--version", "3"]);
    expect(summary.headline).toBe("dev: traffic green (2) -> blue (3) through local");
    expect(summary.stacks[1]).toMatchObject({ stack: "dev-blue", exists: true, problem: null });
    expect(summary.stacks[1]?.changes).toMatchObject([{ operation: "update" }]);
    expect(summary.expected?.basis).toBe("measured");
  });

  it("passes a switch to a color that is ready", async () => {
    const seen = await look(project, ["--switch", "blue"]);
    expect(seen.code).toBe(10);
    expect(seen.summary.router.after).toMatchObject({
      activeColor: "blue",
      weights: { blue: 100, green: 0 },
      generation: 3,
      release: { version: "1" },
    });
    expect(guardOf(seen, "activation")).toMatchObject({ result: "pass" });
    expect(seen.summary.steps).toContain("switch to blue");
    const route = seen.summary.stacks[0]?.changes.find(({ name }) => name === "dev-route");
    expect(route?.fields).toEqual(expect.arrayContaining(["weights.blue", "weights.green"]));
  });

  it("refuses a switch to an unhealthy color, and says so in every format", async () => {
    project.fault("1", { health: 503 });
    try {
      const seen = await look(project, ["--switch", "blue"]);
      expect(seen.code).toBe(3);
      expect(guardOf(seen, "activation")).toMatchObject({
        result: "refused",
        code: "COLOR_UNHEALTHY",
        hint: expect.stringContaining("bluegreen logs blue") as string,
      });
      expect(seen.summary.router.after).toEqual(seen.summary.router.before);
      expect(await read(project, "terminal", ["--switch", "blue"])).toContain("COLOR_UNHEALTHY");
      const markdown = await read(project, "markdown", ["--switch", "blue"]);
      expect(markdown).toContain("| activation | **refused** | `COLOR_UNHEALTHY`");
    } finally {
      project.fault("1", null);
    }
  });

  it("refuses a pinned release, and neutralises what a person wrote", async () => {
    const reason = "see #1, @ann | <b>";
    expect((await project.run(["pin", "1", "--reason", reason])).code).toBe(0);
    const seen = await look(project, ["--switch", "blue"]);
    expect(guardOf(seen, "release")).toMatchObject({ result: "refused", code: "RELEASE_PINNED" });
    expect(seen.summary.pins).toMatchObject([{ version: "1", reason }]);
    const markdown = await read(project, "markdown", ["--switch", "blue"]);
    expect(markdown).toContain("see #&#8203;1, @&#8203;ann &#124; &lt;b&gt;");
    expect((await project.run(["unpin", "1"])).code).toBe(0);
  });

  it("shows a person's switch by the settings file", async () => {
    const { generation } = await project.record();
    asFile("blue", generation);
    const { code, summary } = await look(project);
    expect(summary.headline).toBe("dev: traffic green (2) -> blue (1) through local");
    expect(summary.drift.paste).toEqual([]);
    expect(code).toBe(10);
  });

  it("speaks of no color's own update that nobody asked for, whatever was edited since", async () => {
    const edited = join(project.folder, "app", "edited.txt");
    writeFileSync(edited, "later");
    try {
      const { code, summary } = await look(project);
      expect(code).toBe(10);
      expect(summary.stacks.map(({ stack, problem }) => [stack, problem])).toEqual([["dev", null]]);
      expect(summary.notes.join()).toContain("green stays as it is while it serves");
    } finally {
      rmSync(edited);
    }
  });

  it("refuses a person's switch while the router doesn't run, as the update would", async () => {
    const status = await project.router();
    if (!status) throw new Error("the router doesn't run");
    await endProcesses([status.pid]);
    try {
      const seen = await look(project);
      expect(seen.code).toBe(3);
      expect(guardOf(seen, "data plane")).toMatchObject({ code: "ROUTER_DOWN" });
      expect(seen.summary.router.after).toEqual(seen.summary.router.before);
      expect(JSON.stringify(seen.summary)).not.toContain("the data plane is followed");
    } finally {
      expect((await project.run(["up"])).code).toBe(0);
    }
  });

  it("refuses a stale file with the lines to paste", async () => {
    const { generation } = await project.record();
    asFile("blue", generation - 2);
    const seen = await look(project);
    expect(seen.code).toBe(3);
    expect(guardOf(seen, "intent")).toMatchObject({
      code: "STALE_INTENT",
      details: ["bluegreen:activeColor: green", `bluegreen:generation: ${generation}`],
    });
    const plain = await project.run(["preview"]);
    expect(plain.code).toBe(3);
    asFile("green", generation);
  });

  it("works while another process holds the lock of the router's stack", async () => {
    const locks = join(backendFolder(project), ".pulumi/locks/organization/bluegreen/dev");
    const file = join(locks, `${randomUUID()}.json`);
    const [username, timestamp] = ["somebody", new Date().toISOString()];
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      JSON.stringify({ pid: process.pid, username, hostname: hostname(), timestamp }),
    );
    try {
      const run = await project.pulumi([...pulumiUp, "--stack", "dev"]);
      expect(run.output).toContain("currently locked");
      const { code, summary } = await look(project, ["--switch", "blue"]);
      expect(summary.outcome).toBe("switch");
      expect(code).toBe(10);
      expect(existsSync(file)).toBe(true);
    } finally {
      rmSync(file, { force: true });
    }
  });

  it("is pending for a file's color that isn't provisioned, and refuses a switch to it", async () => {
    const retired = await project.run(["retire", "--now"]);
    expect(retired.code).toBe(0);
    const empty = await look(project, ["--switch", "blue"]);
    expect(empty.code).toBe(3);
    expect(guardOf(empty, "activation")).toMatchObject({ code: "COLOR_EMPTY" });
    const { generation } = await project.record();
    asFile("blue", generation);
    const pending = await look(project);
    expect(pending.code).toBe(12);
    expect(pending.summary.headline).toBe(
      "dev: traffic green (2) -> blue (empty) through local: pending",
    );
    expect(guardOf(pending, "activation")).toMatchObject({ result: "pending" });
    asFile("green", generation);
  });

  it("shows a change of the router that isn't its traffic, and refuses a switch beside it", async () => {
    const before = project.settings();
    writeFileSync(project.settingsFile, before.replace("drain: 200ms", "drain: 300ms"));
    const file = await look(project);
    expect(file.code).toBe(11);
    expect(file.summary.stacks[0]?.changes).toContainEqual({
      operation: "update",
      type: "bluegreen-core:local:Router",
      name: "dev-router",
      fields: ["drainMs"],
    });
    const deploy = await look(project, ["--version", "3"]);
    expect(guardOf(deploy, "plan")).toMatchObject({ result: "refused", code: "PLAN_REFUSED" });
    writeFileSync(project.settingsFile, before);
  });

  it("says what is wrong with the command line or the settings as every command does", async () => {
    const both = await project.run(["preview", "--switch", "blue", "--version", "3"]);
    expect(both).toMatchObject({ code: 2, stdout: "" });
    const missing = await project.run(["preview", "-s", "nowhere"]);
    expect(missing).toMatchObject({ code: 2, stdout: "" });
    expect(missing.stderr).toContain("SETTINGS_UNREADABLE");
  });
});
