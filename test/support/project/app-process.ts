/** The tests' application as a process that the test itself starts, beside what bluegreen starts. */

import { join } from "node:path";
import { appFile } from "./app.ts";
import type { Running } from "./command.ts";
import { start } from "./command.ts";
import type { Project } from "./project.ts";
import { eventually } from "./waiting.ts";

export interface AppProcess {
  /** How it names itself. */
  readonly color: string;
  readonly version: string;
  readonly port: number;
}

/** Returns once it is healthy. Named after the project's folder, so that it ends with the project. */
export async function startApp(
  { root, folder, env }: Pick<Project, "root" | "folder" | "env">,
  { color, version, port }: AppProcess,
): Promise<Running> {
  const process = start({
    file: "node",
    args: [join(folder, "app", appFile)],
    cwd: folder,
    env: {
      ...env,
      PORT: String(port),
      HOST: "127.0.0.1",
      VERSION: version,
      COLOR: color,
      FAULTS: join(root, "faults"),
    },
    limitMs: 300_000,
  });
  await eventually(`${color} answers`, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
    return response?.ok === true ? true : null;
  });
  return process;
}
