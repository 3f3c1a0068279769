/** A test's project with two servers per color; they are nobody's alone, and neither is its state. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeProject } from "./project.ts";
import type { Project } from "./project.ts";
import { removeWithRouter } from "./proxy.ts";
import { makeServers } from "./servers.ts";
import type { TestServers } from "./servers.ts";

export interface ServersProject {
  readonly project: Project;
  readonly servers: TestServers;
  /** Folder of the Pulumi state, where a team chose to have it. */
  readonly backend: string;
  /** Ends the servers and the router as well. */
  remove(): Promise<void>;
}

/** The slice `proxy` of its settings is still to be written; `settings` are further ones. */
export async function makeServersProject(
  settings: Readonly<Record<string, string>> = {},
): Promise<ServersProject> {
  const backend = mkdtempSync(join(tmpdir(), "bluegreen-backend-"));
  const env = { PULUMI_BACKEND_URL: `file://${backend}`, PULUMI_CONFIG_PASSPHRASE: "test" };
  const project = await makeProject({ env, settings });
  const servers = await makeServers(project);
  const remove = async (): Promise<void> => {
    await servers.end();
    await removeWithRouter(project);
    rmSync(backend, { recursive: true, force: true });
  };
  return { project, servers, backend, remove };
}
