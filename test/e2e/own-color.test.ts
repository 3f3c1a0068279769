/** The user's own color component: real resources of Pulumi's own, before servers that run here. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { anyPort, freePort } from "../../infra/platforms/local/supervisor/ports.ts";
import { startApp } from "../support/project/app-process.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeWithRouter, routerReading, useProxy } from "../support/project/proxy.ts";
import { removeAfterAll } from "../support/project/removal.ts";
import { describeWith, findProgram } from "../support/programs.ts";

/** One resource with the parent that it is given, one below a component, and one without any. */
const component = `
import * as pulumi from "@pulumi/pulumi";
import type { OwnColor } from "../.bluegreen/infra/own-color.ts";
import { labelOf } from "./label.ts";

interface With {
  readonly ports: Readonly<Record<"blue" | "green", number>>;
}

class Shop extends pulumi.ComponentResource {
  constructor(name: string, label: string, opts: pulumi.ComponentResourceOptions) {
    super("test:index:Shop", name, {}, opts);
    new pulumi.Stash(name + "-label", { input: label }, { parent: this });
  }
}

const make: OwnColor<With> = async (args, opts) => {
  await new Promise((resolve) => setTimeout(resolve, 10));
  const port = args.with.ports[args.color];
  const stash = new pulumi.Stash(args.name + "-port", { input: port }, opts);
  new pulumi.Stash(args.name + "-secret", { input: args.secrets.TOKEN });
  new Shop(args.name, labelOf(args.version, args.size), opts);
  return [pulumi.interpolate\`127.0.0.1:\${stash.output}\`];
};

export default make;
`;

const label = 'export const labelOf = (version: string, size: number) => version + " x " + size;\n';

function destroy(stack: string): readonly string[] {
  const flags = ["--yes", "--skip-preview", "--non-interactive", "--color", "never"];
  return ["destroy", "--run-program", ...flags, "--stack", stack];
}

/** A project of that component, and a server for either color; nothing is deployed yet. */
async function makeShop(): Promise<Project> {
  const blue = await freePort("127.0.0.1", anyPort(new Set()), new Set());
  const green = await freePort("127.0.0.1", anyPort(new Set([blue])), new Set([blue]));
  const data = `with: { ports: { blue: ${blue}, green: ${green} } }`;
  const rest = "secrets: { TOKEN: hush-hush }, size: 3, start: 3s";
  const color = `{ file: ./infra/shop-color.ts, ${data}, ${rest} }`;
  const project = await makeProject({ settings: { color } });
  mkdirSync(join(project.folder, "infra"));
  write(project, "shop-color.ts", component);
  write(project, "label.ts", label);
  await Promise.all([
    startApp(project, { color: "own blue", version: "1", port: blue }),
    startApp(project, { color: "own green", version: "2", port: green }),
  ]);
  return project;
}

function write(project: Project, name: string, text: string): void {
  writeFileSync(join(project.folder, "infra", name), text);
}

describeOnEngine("a color component of the user's own", () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeShop();
  });

  removeAfterAll(() => project);

  async function resources(stack: string): Promise<readonly Record<string, unknown>[]> {
    const { code, stdout, output } = await project.pulumi(["stack", "export", "--stack", stack]);
    if (code !== 0) throw new Error(output);
    const { deployment } = JSON.parse(stdout) as {
      deployment: { resources?: Record<string, unknown>[] };
    };
    return deployment.resources ?? [];
  }

  /** `TYPE NAME`, without providers and the stack itself. */
  async function namesIn(stack: string): Promise<readonly string[]> {
    const all = await resources(stack);
    return all
      .map(({ urn }) => String(urn).split("::").slice(2).join(" "))
      .filter((name) => !name.startsWith("pulumi:p"))
      .sort();
  }

  /** Of what isn't secret, as that is encrypted anew each time. */
  async function idsAndInputs(stack: string): Promise<readonly (readonly unknown[])[]> {
    const open = (await resources(stack)).filter(
      (each) => !JSON.stringify(each).includes("ciphertext"),
    );
    return open.map(({ id, inputs }) => [id, inputs]);
  }

  it("makes each color, with what it is told", async () => {
    expectExit(await project.run(["deploy", "--version", "1"]), 0);
    expect(await project.ask()).toMatchObject({ color: "blue", body: "own blue 1" });
    expectExit(await project.run(["deploy", "--version", "2"]), 0);
    expect(await project.ask()).toMatchObject({ color: "green", body: "own green 2" });
    const own = "bluegreen-core:own:OwnColor";
    expect(await namesIn("dev-green")).toEqual([
      "bluegreen-core:index:Seal dev-green-seal",
      `${own} dev-green`,
      `${own}$pulumi:index:Stash dev-green-port`,
      `${own}$test:index:Shop dev-green`,
      `${own}$test:index:Shop$pulumi:index:Stash dev-green-label`,
      "pulumi:index:Stash dev-green-secret",
    ]);
  });

  it("guards and seals all that it makes, and keeps its secrets", async () => {
    const all = await resources("dev-green");
    const made = all.filter(({ type }) => !String(type).startsWith("pulumi:p"));
    expect(made).toHaveLength(6);
    const hooked = made.filter((each) => JSON.stringify(each["resourceHooks"]).includes("retire"));
    expect(hooked).toHaveLength(6);
    expect(JSON.stringify(all)).not.toContain("hush-hush");
    const refused = await project.pulumi(destroy("dev-green"));
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/COLOR_SERVES: green has traffic, so it can't be destroyed/);
    expect(await resources("dev-green")).toHaveLength(all.length);
  });

  it("is told of by the commands that only look", async () => {
    const status = await project.run(["status", "--json"]);
    expect(JSON.parse(status.stdout)).toMatchObject({
      colors: { blue: { size: 1, ready: 1 }, green: { size: 1, ready: 1, role: "active" } },
      problems: [],
    });
    const doctor = await project.run(["doctor"]);
    expectExit(doctor, 0);
    expect(doctor.output).toMatch(/shop-color\.ts makes the colors/);
    expect(doctor.output).toMatch(/1 of 1 addresses of your component are ready/);
    expectError(await project.run(["logs", "green"]), { exit: 2, code: "USAGE" });
    const preview = await project.run(["preview", "--version", "3"]);
    expectExit(preview, 0);
    expect(preview.output).toMatch(/dev-blue-label/);
  });

  it("goes back, and grows what serves", async () => {
    expectExit(await project.run(["rollback"]), 0);
    expect(await project.ask()).toMatchObject({ body: "own blue 1" });
    writeFileSync(project.settingsFile, project.settings().replace("size: 3", "size: 4"));
    expectExit(await project.pulumi([...pulumiUp, "--stack", "dev-blue"]), 0);
  });

  it("never changes what serves because a file was edited", async () => {
    const before = await idsAndInputs("dev-blue");
    expect(before).toContainEqual([expect.anything(), { input: "1 x 4" }]);
    write(project, "label.ts", label.replace(" x ", " times "));
    expectExit(await project.run(["up"]), 0);
    const hand = await project.pulumi([...pulumiUp, "--stack", "dev-blue"]);
    expect(hand.code).not.toBe(0);
    expect(hand.output).toMatch(/COLOR_SERVES: blue has traffic with release 1 and can't get 1/);
    project.fault("1", { health: 500 });
    const run = await project.run(["up"]);
    expectError(run, { exit: 3, code: "COLOR_SERVES" });
    expect(run.output).toMatch(/shop-color\.ts was edited since/);
    expect(await idsAndInputs("dev-blue")).toEqual(before);
    write(project, "label.ts", label);
    expectError(await project.run(["up"]), { exit: 3, code: "PROVISION_FAILED" });
    project.fault("1", null);
    expectExit(await project.run(["up"]), 0);
    expect(await project.ask()).toMatchObject({ body: "own blue 1" });
  });

  it("fails a release before any user meets it, and says where", async () => {
    write(
      project,
      "shop-color.ts",
      component.replace(
        "const port =",
        'if (args.version === "3") throw new Error("no quota");' + "\n  const port =",
      ),
    );
    const thrown = await project.run(["deploy", "--version", "3"]);
    expectError(thrown, { exit: 3, code: "PROVISION_FAILED" });
    expect(thrown.output).toMatch(/shop-color\.ts threw: no quota/);
    write(
      project,
      "shop-color.ts",
      component.replace("export default make", "export const other = make"),
    );
    const none = await project.run(["deploy", "--version", "3"]);
    expectError(none, { exit: 2, code: "SETTINGS_INVALID" });
    expect(none.output).toMatch(/shop-color\.ts has no default export/);
    expect(await project.ask()).toMatchObject({ body: "own blue 1" });
  });

  it("is emptied without the file, and with it gone the rest goes, too", async () => {
    rmSync(join(project.folder, "infra"), { recursive: true });
    expectExit(await project.run(["retire", "--now"]), 0);
    expect(await resources("dev-green")).toEqual([]);
    expectExit(await project.run(["down", "--stop-serving", "--yes"]), 0);
    expect(await project.router()).toBeNull();
  });
});

const configOf = { nginx: "nginx.conf", haproxy: "haproxy.cfg" } as const;

for (const dialect of ["nginx", "haproxy"] as const) {
  describeWith([dialect], `a color component of the user's own behind ${dialect}`, () => {
    describeOnEngine("from the first release to the end", () => {
      let project: Project;

      beforeAll(async () => {
        project = await makeShop();
        useProxy(project, { dialect, program: findProgram(dialect) ?? dialect });
      });

      removeAfterAll(() => project, removeWithRouter);

      it("has its addresses routed to, and no others", async () => {
        expectExit(await project.run(["deploy", "--version", "1"]), 0);
        expectExit(await project.run(["deploy", "--version", "2"]), 0);
        expect(await project.ask()).toMatchObject({ color: "green", body: "own green 2" });
        const { attached } = await routerReading(project);
        expect([attached.blue.length, attached.green.length]).toEqual([1, 1]);
        const config = readFileSync(join(project.root, "router", configOf[dialect]), "utf8");
        expect(config).toMatch(new RegExp(`server (s1 )?${attached.green[0] ?? ""}[ ;]`));
        expect(config).not.toMatch(/127\.0\.0\.1:9[12]0\d/);
      });

      it("goes back, is looked at, and is taken down", async () => {
        expectExit(await project.run(["rollback"]), 0);
        expect(await project.ask()).toMatchObject({ color: "blue", body: "own blue 1" });
        const status = await project.run(["status", "--json"]);
        expect(JSON.parse(status.stdout)).toMatchObject({
          colors: { blue: { size: 1, ready: 1 }, green: { size: 1, ready: 1 } },
          problems: [],
        });
        expectError(await project.run(["logs", "green"]), { exit: 2, code: "USAGE" });
        expectExit(await project.run(["down", "--stop-serving", "--yes"], { limitMs: 120_000 }), 0);
      });
    });
  });
}
