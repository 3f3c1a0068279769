/** A test's project with the example shop, which the load client knows how to use. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { editSettings } from "../../../automation/adapters/settings-file.ts";
import { checkoutFolder } from "../../../automation/engine/folders.ts";
import { makeProject } from "../project/project.ts";
import type { Project, ProjectOptions } from "../project/project.ts";

/** What a test of kills or races needs beside short times. */
const settings: Readonly<Record<string, string>> = {
  checks: "[{ kind: version, path: /version }]",
  probe: "{ path: /version, timeout: 5s }",
  // Connections stay open until the instance itself says goodbye.
  drain: "10m",
  claim: "30m",
  switchWithin: "20s",
};

export interface ShopOptions {
  /** Seconds that an instance takes to start; default 0. */
  readonly startSeconds?: number;
  readonly settings?: ProjectOptions["settings"];
}

export async function makeShop({
  startSeconds = 0,
  ...options
}: ShopOptions = {}): Promise<Project> {
  const project = await makeProject({ settings: { ...settings, ...options.settings } });
  const { root, folder, settingsFile } = project;
  cpSync(join(checkoutFolder, "examples", "shop"), join(folder, "app"), { recursive: true });
  // The last word lets every process of the project be found by its folder.
  const serve = `node server.ts --of=${root}`;
  const command = ["sh", "-c", `sleep ${startSeconds}; exec ${serve}`];
  const text = readFileSync(settingsFile, "utf8")
    .replace(
      /command: .*/,
      `command: ${JSON.stringify(startSeconds > 0 ? command : serve.split(" "))}`,
    )
    .replace(/env: .*/, `env: { DATABASE: ${JSON.stringify(join(root, "shop.db"))} }`)
    .replace("start: 5s", "start: 60s");
  writeFileSync(settingsFile, text);
  return project;
}

/** Another checkout of the same project, with the settings as they are in the first now. */
export function checkOut({ root, folder }: Project, name: string): string {
  const other = join(root, name);
  cpSync(folder, other, { recursive: true, verbatimSymlinks: true });
  return other;
}

/** Changes the settings file of another checkout as an editor would. */
export function editIn(folder: string, changes: Readonly<Record<string, string | number>>): void {
  const file = join(folder, "Pulumi.dev.yaml");
  writeFileSync(file, editSettings(readFileSync(file, "utf8"), changes, file));
}
