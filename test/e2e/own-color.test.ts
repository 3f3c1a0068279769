/** The user's own color component: real resources of Pulumi's own, before servers that run here. */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Color } from "../../infra/model.ts";
import { anyPort, freePort } from "../../infra/platforms/local/supervisor/ports.ts";
import { appFile } from "../support/project/app.ts";
import { start } from "../support/project/command.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectError, expectExit } from "../support/project/expectations.ts";
import { makeProject, pulumiUp } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { eventually } from "../support/project/waiting.ts";

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

describeOnEngine("a color component of the user's own", () => {
  let project: Project;
  let ports: Record<Color, number>;

  beforeAll(async () => {
    const blue = await freePort("127.0.0.1", anyPort(new Set()), new Set());
    const green = await freePort("127.0.0.1", anyPort(new Set([blue])), new Set([blue]));
    ports = { blue, green };
    const data = `with: { ports: { blue: ${blue}, green: ${green} } }`;
    const rest = "secrets: { TOKEN: hush-hush }, size: 3, start: 3s";
    const color = `{ file: ./infra/shop-color.ts, ${data}, ${rest} }`;
    project = await makeProject({ settings: { color } });
    mkdirSync(join(project.folder, "infra"));
    write(component);
    writeFileSync(join(project.folder, "infra", "label.ts"), label);
    await Promise.all([server("blue", "1"), server("green", "2")]);
  });

  afterAll(async () => {
    // Guarded: when beforeAll failed there is nothing to remove.
    if ((project as Project | undefined) !== undefined) await project.remove();
  });

  function write(text: string): void {
    writeFileSync(join(project.folder, "infra", "shop-color.ts"), text);
  }

  /** Named after the project's folder, so that it ends with the project. */
  async function server(color: Color, version: string): Promise<void> {
    start({
      file: "node",
      args: [join(project.folder, "app", appFile)],
      cwd: project.folder,
      env: {
        ...project.env,
        PORT: String(ports[color]),
        HOST: "127.0.0.1",
        VERSION: version,
        COLOR: `own ${color}`,
        FAULTS: join(project.root, "faults"),
      },
      limitMs: 300_000,
    });
    await eventually(`${color} answers`, async () => {
      const response = await fetch(`http://127.0.0.1:${ports[color]}/healthz`).catch(() => null);
      return response?.ok === true ? true : null;
    });
  }

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
    expect(JSON.stringify(await resources("dev-blue"))).toContain('"1 x 4"');
  });

  it("never changes what serves because a file was edited", async () => {
    const before = await resources("dev-blue");
    writeFileSync(join(project.folder, "infra", "label.ts"), label.replace(" x ", " times "));
    expectExit(await project.run(["up"]), 0);
    const hand = await project.pulumi([...pulumiUp, "--stack", "dev-blue"]);
    expect(hand.code).not.toBe(0);
    expect(hand.output).toMatch(/COLOR_SERVES: blue has traffic with release 1 and can't get 1/);
    project.fault("1", { health: 500 });
    const run = await project.run(["up"]);
    expectError(run, { exit: 3, code: "COLOR_SERVES" });
    expect(run.output).toMatch(/shop-color\.ts was edited since/);
    expect(await resources("dev-blue")).toEqual(before);
    writeFileSync(join(project.folder, "infra", "label.ts"), label);
    expectError(await project.run(["up"]), { exit: 3, code: "PROVISION_FAILED" });
    project.fault("1", null);
    expectExit(await project.run(["up"]), 0);
    expect(await project.ask()).toMatchObject({ body: "own blue 1" });
  });

  it("fails a release before any user meets it, and says where", async () => {
    write(
      component.replace(
        "const port =",
        'if (args.version === "3") throw new Error("no quota");' + "\n  const port =",
      ),
    );
    const thrown = await project.run(["deploy", "--version", "3"]);
    expectError(thrown, { exit: 3, code: "PROVISION_FAILED" });
    expect(thrown.output).toMatch(/shop-color\.ts threw: no quota/);
    write(component.replace("export default make", "export const other = make"));
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
