/** A test's project behind nginx or HAProxy: its settings, what its router says, and the router's end. */

import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { absolutePaths } from "../../../infra/config/absolute-paths.ts";
import { parseSettingsFile } from "../../../infra/config.ts";
import type { Settings } from "../../../infra/config.ts";
import type { RouterReading } from "../../../infra/model.ts";
import { perColor } from "../../../infra/model.ts";
import { proxy } from "../../../infra/platforms/proxy/index.ts";
import { freePorts } from "../../contract/proxy/bed.ts";
import { findProgram, serverPids, workersAccount } from "../programs.ts";
import { appFile } from "./app.ts";
import { endProcesses } from "./processes.ts";
import type { Project } from "./project.ts";

/** Writes the slice `proxy`; `more` has the text of further lines, by key. */
export function useProxy(project: Project, more: Readonly<Record<string, string>>): void {
  // The workers may have another account.
  chmodSync(project.root, 0o755);
  const account = more["dialect"] === "haproxy" ? workersAccount() : null;
  const slice = {
    ...(account !== null && { user: account }),
    port: String(project.port),
    dir: join(project.root, "router"),
    program: findProgram("nginx") ?? "nginx",
    ...more,
  };
  const lines = Object.entries(slice).map(([key, value]) => `    ${key}: ${value}\n`);
  const text = `  bluegreen:platform: proxy\n  bluegreen:proxy:\n${lines.join("")}`;
  writeFileSync(project.settingsFile, `${project.settings().trimEnd()}\n${text}`);
}

/** Both colors as processes of the tests' application, each with ports of its own for `room`. */
export async function useProcesses(
  project: Project,
  { dialect, instances = 1, room = 1 }: ProcessesOptions,
): Promise<void> {
  const [blue, green] = [await freePorts(room), await freePorts(room)];
  const colors = [
    `command: ["node", "${appFile}", "--of=${project.root}"]`,
    "cwd: app",
    `env: { FAULTS: "${join(project.root, "faults")}" }`,
    `instances: ${instances}`,
    "start: 5s",
    `ports: { blue: ${blue}, green: ${green} }`,
  ];
  useProxy(project, {
    dialect,
    program: findProgram(dialect) ?? dialect,
    colors: `{ kind: process, ${colors.join(", ")} }`,
  });
}

interface ProcessesOptions {
  readonly dialect: "nginx" | "haproxy";
  /** Of a color; default 1. */
  readonly instances?: number;
  /** The most that a color may grow to; default 1. */
  readonly room?: number;
}

export function settingsOf(project: Project): Settings {
  const settings = parseSettingsFile(project.settings(), project.settingsFile);
  return absolutePaths(settings, project.folder);
}

export function routerReading(project: Project): Promise<RouterReading> {
  return proxy.read({ settings: settingsOf(project), colors: perColor(() => null) });
}

/** The first process of the project's server and its workers; none where it doesn't run. */
export function routerPids(project: Project): readonly number[] {
  return ["nginx.pid", "haproxy.pid"].flatMap((name) => {
    const file = join(project.root, "router", name);
    return existsSync(file) ? serverPids(Number(readFileSync(file, "utf8"))) : [];
  });
}

export async function removeWithRouter(project: Project): Promise<void> {
  await endProcesses(routerPids(project));
  await project.remove();
}
