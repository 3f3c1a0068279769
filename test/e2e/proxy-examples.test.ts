/** The examples for nginx and HAProxy, done as their READMEs say, on other ports. */

import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { checkoutFolder } from "../../automation/engine/folders.ts";
import { freePorts } from "../contract/proxy/bed.ts";
import { describeOnEngine } from "../support/project/engine.ts";
import { expectExit } from "../support/project/expectations.ts";
import { makeProject } from "../support/project/project.ts";
import type { Project } from "../support/project/project.ts";
import { removeWithRouter } from "../support/project/proxy.ts";
import { describeWith, findProgram, workersAccount } from "../support/programs.ts";

type Dialect = "nginx" | "haproxy";

let project: Project | null = null;

afterEach(async () => {
  if (project !== null) await removeWithRouter(project);
  project = null;
});

for (const dialect of ["nginx", "haproxy"] as const) {
  describeWith([dialect, "python3"], `the example for ${dialect}`, () => {
    describeOnEngine("as a newcomer copies it", () => {
      it("serves a first release, and goes without a trace", async () => {
        const copy = await copyExample(dialect);
        const { run } = copy;
        const init = await run("init", "--yes");
        expectExit(init, 0);
        expect(init.stdout).toMatch(/Pulumi\.dev\.yaml\s+kept as it was/);
        expectExit(await run("deploy", "--version", "1"), 0);
        expect(await copy.ask()).toMatchObject({ body: "<h1>Version 1, blue</h1>\n" });
        expectExit(await run("down", "--stop-serving", "--yes"), 0);
        expect(copy.processes()).toEqual([]);
      });
    });
  });
}

async function copyExample(dialect: Dialect) {
  const made = await makeProject();
  project = made;
  // The workers may have another account.
  chmodSync(made.root, 0o755);
  const folder = join(made.root, "shop");
  const from = join(checkoutFolder, "examples");
  cpSync(join(from, dialect), folder, { recursive: true });
  cpSync(join(from, "python", "app.py"), join(folder, "app.py"));
  const file = join(folder, "Pulumi.dev.yaml");
  writeFileSync(file, await elsewhere(readFileSync(file, "utf8"), made, dialect));
  const backend = join(made.root, "backend");
  mkdirSync(backend);
  const env =
    dialect === "nginx"
      ? {}
      : { PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_CONFIG_PASSPHRASE: "test" };
  return {
    run: (...args: readonly string[]) => made.run(["--cwd", folder, ...args], { env }),
    ask: () => made.ask(),
    processes: () => made.processes(),
  };
}

/** Free ports, folders of the test, and no long waits. */
async function elsewhere(text: string, { root, port }: Project, dialect: Dialect): Promise<string> {
  const [blue, green] = [await freePorts(), await freePorts()];
  const account = workersAccount();
  const own = [
    `port: ${port}`,
    `dir: ${join(root, "router")}`,
    `program: ${findProgram(dialect) ?? dialect}`,
    ...(dialect === "haproxy" && account !== null ? [`user: ${account}`] : []),
  ];
  const short = "  bluegreen:bake: { duration: 0s }\n  bluegreen:drain: 200ms\n";
  const moved = text
    .replace("port: 8080", own.join("\n    "))
    .replaceAll(/\b91(\d\d)\b/g, (_, last: string) => String(blue + Number(last)))
    .replaceAll(/\b92(\d\d)\b/g, (_, last: string) => String(green + Number(last)));
  return `${moved.trimEnd()}\n${short}`;
}
