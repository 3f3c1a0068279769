/** A test's project with the example shop, which the load client knows how to use. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutFolder } from "../../../automation/engine/folders.ts";
import { makeProject } from "../project/project.ts";
import type { Project } from "../project/project.ts";

/** What a test of kills or races needs beside short times. */
const settings: Readonly<Record<string, string>> = {
  checks: "[{ kind: version, path: /version }]",
  probe: "{ path: /version, timeout: 5s }",
  // What replaces a color waits for the connections that stay open on it.
  drain: "2s",
  claim: "30m",
  switchWithin: "20s",
};

/** A project whose instances start once `gate` is open; it is open at first. */
export interface Shop extends Project {
  readonly gate: { close(): void; open(): void };
}

export async function makeShop(): Promise<Shop> {
  const project = await makeProject({ settings });
  const { root, folder, settingsFile } = project;
  cpSync(join(checkoutFolder, "examples", "shop"), join(folder, "app"), { recursive: true });
  const closed = join(root, "closed");
  // The last word lets every process of the project be found by its folder.
  const start = `while [ -e ${closed} ]; do sleep 0.1; done; exec node server.ts --of=${root}`;
  const text = readFileSync(settingsFile, "utf8")
    .replace(/command: .*/, `command: ${JSON.stringify(["sh", "-c", start])}`)
    .replace(/env: .*/, `env: { DATABASE: ${JSON.stringify(join(root, "shop.db"))} }`)
    .replace("start: 5s", "start: 60s");
  writeFileSync(settingsFile, text);
  const gate = {
    close: () => {
      writeFileSync(closed, "");
    },
    open: () => {
      rmSync(closed, { force: true });
    },
  };
  return Object.assign(project, { gate });
}

/** Another checkout of the same project, with the settings as they are in the first now. */
export function checkOut({ root, folder }: Project, name: string): string {
  const other = join(root, name);
  cpSync(folder, other, { recursive: true, verbatimSymlinks: true });
  return other;
}
