/** What the design relies on in the engine itself: a toy program and a toy provider show it. */

import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readStackFile } from "../../automation/engine/stack-file.ts";
import { makeProject } from "../component/engine/project.ts";
import type { Project, Run } from "../component/engine/project.ts";
import { describeOnEngine, neededEngine } from "../support/project/engine.ts";

const projectFile = `
name: toy
main: index.ts
runtime:
  name: nodejs
  options:
    typescript: false
plugins:
  providers:
    - name: toy
      path: provider
`;

const program = `
import * as pulumi from "@pulumi/pulumi";

class Thing extends pulumi.CustomResource {
  declare readonly value: pulumi.Output<string>;
  constructor(name: string, value: string, opts: pulumi.CustomResourceOptions) {
    super("toy:index:Thing", name, { value }, { ...opts, version: "0.1.0" });
  }
}

const config = new pulumi.Config();
const refused = config.get("refuse") ?? "";
if (refused === "all") throw new Error("the program itself fails");
const change = new pulumi.ResourceHook("may it change?", () => {
  if (refused === "update") throw new Error("the guard says no");
}, { onDryRun: true });
const removal = new pulumi.ResourceHook("remove it by the driver, please", () => {
  if (refused === "delete") throw new Error("the guard keeps it");
}, { onDryRun: true });
const hooks = { beforeUpdate: [change], beforeDelete: [removal] };
const gone = config.getBoolean("gone");
const first = gone ? undefined : new Thing("first", config.require("first"), { hooks });
const last = first && new Thing("last", config.require("last"), { dependsOn: [first], hooks });
const stack = { name: pulumi.getOrganization() + "/toy/nowhere" };
const outputs = await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", stack)
  .catch((error: Error) => "caught: " + error.message);
export const nowhere = outputs;
// Hangs on the resource that goes last, as the record does.
export const value = first && pulumi.all([first.value, last?.value]).apply(([of]) => of);
export const wish = config.require("first");
export const various = { list: [1, 2.5, "<&>", true, {}], word: pulumi.secret("open sesame") };
export const hidden = pulumi.secret({ key: "word" });
`;

/** Logs its calls; "explodes" fails an update, "bad" fails a check, a file tells what is real. */
const provider = `
import { appendFileSync, readFileSync } from "node:fs";
import { main } from "@pulumi/pulumi/provider/index.js";

const file = (name) => new URL(name, import.meta.url);
const log = (line) => appendFileSync(file("calls.log"), line + "\\n");
const real = () => { try { return readFileSync(file("real"), "utf8"); } catch { return null; } };

await main({
  version: "0.1.0",
  check: async (urn, olds, news) => news.value === "bad"
    ? { failures: [{ property: "value", reason: "bad is never good" }] } : { inputs: news },
  diff: async (id, urn, olds, news) => ({ changes: olds.value !== news.value }),
  create: async (urn, inputs) => {
    log("create " + inputs.value);
    return { id: "id", outs: inputs };
  },
  update: async (id, urn, olds, news) => {
    log("update " + news.value);
    if (news.value === "explodes") throw new Error("it exploded");
    return { outs: news };
  },
  read: async (id, urn, props) => {
    const value = real() ?? props.value;
    return value === "nothing" ? { id: "", props: {} } : { id, props: { ...props, value } };
  },
  delete: async (id, urn, props) => log("delete " + props.value),
}, process.argv.slice(2));
`;

const starter = `#!/bin/sh
exec "$BLUEGREEN_NODE" "$(dirname "$0")/main.mjs" "$@"
`;

const flags = "--stack dev --non-interactive --color never";
const up = `pulumi up --yes --skip-preview ${flags}`;
const destroy = `pulumi destroy --yes --skip-preview ${flags}`;

describeOnEngine("the engine's mechanisms", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject(neededEngine());
    await project.write("package.json", '{ "name": "toy", "type": "module" }');
    await project.write("Pulumi.yaml", projectFile);
    await project.write("index.ts", program);
    await project.write("provider/main.mjs", provider);
    await project.write("provider/pulumi-resource-toy", starter);
    await chmod(join(project.folder, "provider/pulumi-resource-toy"), 0o755);
    await project.sh("pulumi stack init dev");
    await set("first: one", "last: two");
  });

  afterAll(async () => {
    // Guarded: when beforeAll failed there is nothing to remove.
    if ((project as Project | undefined) !== undefined) await project.scratch.remove();
  });

  const settingsFile = (): string => join(project.folder, "Pulumi.dev.yaml");
  let salt = "";

  /** Writes the whole settings, as an editor would. */
  async function set(...lines: readonly string[]): Promise<void> {
    const text = await readFile(settingsFile(), "utf8").catch(() => "");
    salt = /^encryptionsalt: .*$/m.exec(text)?.[0] ?? salt;
    const config = lines.map((line) => `  toy:${line}\n`).join("");
    await writeFile(settingsFile(), `# A comment.\n${salt}\nconfig:\n${config}`);
  }

  async function outputs(): Promise<Record<string, unknown>> {
    const run = await project.sh("pulumi stack output --json --stack dev");
    return JSON.parse(run.stdout) as Record<string, unknown>;
  }

  /** The values in the resources' own state. */
  async function values(): Promise<Record<string, unknown>> {
    const run = await project.sh("pulumi stack export --stack dev");
    const { deployment } = JSON.parse(run.stdout) as {
      deployment: { resources?: { urn: string; type: string; outputs: { value: unknown } }[] };
    };
    const things = (deployment.resources ?? []).filter(({ type }) => type === "toy:index:Thing");
    const named = things.map(
      ({ urn, outputs }) => [urn.split("::").at(-1), outputs.value] as const,
    );
    return Object.fromEntries(named) as Record<string, unknown>;
  }

  async function calls(): Promise<readonly string[]> {
    const text = await readFile(join(project.folder, "provider/calls.log"), "utf8");
    return text.trim().split("\n");
  }

  function expectFailure(run: Run, ...said: readonly string[]): void {
    expect(run.code).not.toBe(0);
    for (const words of said) expect(run.output).toContain(words);
  }

  it("starts a provider that the project names by its path", async () => {
    const run = await project.sh(up);
    expect(run.output).toContain("3 created");
    expect(run.code).toBe(0);
    expect(await calls()).toEqual(["create one", "create two"]);
  });

  it("lets a program catch that a stack doesn't exist, and go on", async () => {
    const { nowhere, value } = await outputs();
    expect(nowhere).toMatch(/^caught: .*unknown stack/);
    expect(value).toBe("one");
  });

  it("keeps in a folder's file what its CLI prints, before a stack's first update as well", async () => {
    await project.sh("pulumi stack init empty");
    const { backendUrl: url } = project;
    for (const stack of ["dev", "empty"]) {
      const run = await project.sh(`pulumi stack output --json --stack ${stack}`);
      const printed = JSON.parse(run.stdout) as unknown;
      const isEmpty = stack === "empty";
      expect(await readStackFile({ url, project: "toy", stack })).toEqual({
        outputs: printed,
        hasSecrets: !isEmpty,
        isEmpty,
      });
    }
    expect(await readStackFile({ url, project: "toy", stack: "none" })).toBe("missing");
  });

  it("names the property that a provider's check refuses", async () => {
    await set("first: one", "last: bad");
    const preview = await project.sh(`pulumi preview ${flags}`);
    expectFailure(preview, "bad is never good", "value");
  });

  it.each(["up", "preview"])(
    "stops %s by a hook before an update, state as it was",
    async (how) => {
      await set("first: other", "last: two", "refuse: update");
      const before = await calls();
      const run = await project.sh(how === "up" ? up : `pulumi preview ${flags}`);
      expectFailure(run, "the guard says no");
      expect(await calls()).toEqual(before);
      expect(await values()).toEqual({ first: "one", last: "two" });
      expect(await outputs()).toMatchObject({ value: "one", wish: "one" });
    },
  );

  it("keeps the former outputs when an update fails after a resource has changed", async () => {
    await set("first: moved", "last: explodes");
    expectFailure(await project.sh(up), "it exploded");
    expect(await values()).toEqual({ first: "moved", last: "two" });
    expect(await outputs()).toMatchObject({ value: "one", wish: "one" });
  });

  it("sees in a refresh what is real, and mends it with the next update", async () => {
    await set("first: one", "last: two");
    const real = join(project.folder, "provider/real");
    await writeFile(real, "drifted");
    const refresh = await project.sh(`pulumi refresh --yes --skip-preview ${flags}`);
    expect(refresh.code).toBe(0);
    expect(await values()).toEqual({ first: "drifted", last: "drifted" });
    await project.sh("rm provider/real");
    expect(await project.sh(up)).toMatchObject({ code: 0 });
    expect(await values()).toEqual({ first: "one", last: "two" });
  });

  it("writes into a copy of the settings only, when that is the config file", async () => {
    const text = await readFile(settingsFile(), "utf8");
    const copy = project.scratch.path("Pulumi.dev.yaml");
    await writeFile(copy, text);
    const file = { PULUMI_OPTION_CONFIG_FILE: copy };
    const preview = await project.sh(`pulumi preview -c toy:first=elsewhere ${flags}`, file);
    expect(preview.output).toContain("elsewhere");
    expect(await readFile(copy, "utf8")).toContain("elsewhere");
    expect(await readFile(settingsFile(), "utf8")).toBe(text);
  });

  it("vetoes by a hook before a deletion what an update would remove", async () => {
    await set("first: one", "last: two", "gone: true", "refuse: delete");
    expectFailure(await project.sh(up), "the guard keeps it");
    expect(await values()).toEqual({ first: "one", last: "two" });
  });

  it("refuses a plain destroy and prints the name of the hook, which is our advice", async () => {
    await set("first: one", "last: two", "refuse: delete");
    expectFailure(await project.sh(destroy), "remove it by the driver, please", "--run-program");
    expect(await values()).toEqual({ first: "one", last: "two" });
  });

  it("vetoes a destroy that runs the program, before anything is gone", async () => {
    const run = await project.sh(`${destroy} --run-program`);
    expectFailure(run, "the guard keeps it");
    expect(await values()).toEqual({ first: "one", last: "two" });
    expect((await calls()).filter((call) => call.startsWith("delete"))).toEqual([]);
  });

  it("deletes nothing when the program throws during a destroy", async () => {
    await set("first: one", "last: two", "refuse: all");
    const run = await project.sh(`${destroy} --run-program`);
    expectFailure(run, "the program itself fails");
    expect(await values()).toEqual({ first: "one", last: "two" });
  });

  it("destroys in reverse order what no hook keeps", async () => {
    await set("first: one", "last: two");
    expect(await project.sh(`${destroy} --run-program`)).toMatchObject({ code: 0 });
    expect((await calls()).slice(-2)).toEqual(["delete two", "delete one"]);
    expect(await values()).toEqual({});
  });
});
