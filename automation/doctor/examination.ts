/** Looks at everything that a deployment depends on, also where some of it is broken. */

import type { CliTarget } from "../adapters/pulumi-cli.ts";
import { chooseBackend } from "../engine/backend.ts";
import type { BackendChoice } from "../engine/backend.ts";
import { engineEnvironment } from "../engine/environment.ts";
import { findEngine } from "../engine/location.ts";
import type { Engine } from "../engine/location.ts";
import { isAtHome } from "../../infra/config/at-home.ts";
import { readProject } from "../project.ts";
import type { Project, ProjectOptions, ReadProject } from "../project.ts";
import { guarded, note, ok, problemOf } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { examineLink, examineNode } from "./machine.ts";
import { examineProviders } from "./providers.ts";
import { examineStacks } from "./stacks.ts";

/** Never throws; fetches nothing and changes nothing. */
export async function examine(options: ProjectOptions): Promise<readonly Finding[]> {
  const [project, settings] = await looked("settings", () => readProject(options), describeProject);
  const [engine, engineFindings] = await looked("engine", findHere, describeEngine);
  const left = await guarded("leftovers", examineProviders);
  const machine = [examineNode(), ...(project ? examineLink(project.cwd) : []), ...left];
  const before = [...settings, ...engineFindings, ...machine];
  if (!project) return before;
  const { application } = project;
  if (application === null) return [...before, notYet];
  const known = { ...project, application };
  const ask = (): Promise<BackendChoice> => backendOf(known);
  const [backend, backendFindings] = await looked("backend", ask, describeBackend);
  if (!engine || !backend) return [...before, ...backendFindings];
  const access = { cli: cliOf(known, engine, backend), backend };
  const stacks = await guarded("stacks", () => examineStacks(known, access));
  return [...before, ...backendFindings, ...stacks];
}

const notYet = note(
  "stacks",
  "nothing has been deployed yet",
  "`bluegreen deploy --version 1` chooses the application's id and makes all the rest",
);

/** What was looked for, or null, and in either case what is to be said of it. */
async function looked<T>(
  subject: string,
  look: () => Promise<T> | T,
  describe: (found: T) => Finding,
): Promise<readonly [T | null, readonly Finding[]]> {
  try {
    const found = await look();
    return [found, [describe(found)]];
  } catch (error) {
    return [null, [problemOf(subject, error)]];
  }
}

function describeProject({ settings, settingsFile, application }: ReadProject): Finding {
  const id = application ?? "not chosen yet";
  return ok(
    "settings",
    `${settingsFile} has no problems (application ${id}, ${settings.platform})`,
  );
}

function findHere(): Promise<Engine> {
  return findEngine({ env: process.env, allowFetch: false });
}

function describeEngine({ pulumi, version, why }: Engine): Finding {
  return ok("engine", `Pulumi ${version} at ${pulumi}`, why);
}

function backendOf({ settings, cwd, application }: Project): Promise<BackendChoice> {
  const { environment, platform } = settings;
  const atHome = isAtHome(settings);
  return chooseBackend({ env: process.env, cwd, platform, atHome, application, environment });
}

function describeBackend({ owner, url, why }: BackendChoice): Finding {
  const whose = owner === "user" ? "your own" : "kept by bluegreen on this machine";
  return ok("backend", `${url ?? "Pulumi's default"}, ${whose}`, [why]);
}

function cliOf(project: Project, engine: Engine, backend: BackendChoice): CliTarget {
  const { cwd, settingsFile, project: name } = project;
  const env = engineEnvironment({ engine, backend, nodeBin: process.execPath });
  const { pulumi } = engine;
  return { pulumi, cwd, env, settingsFile, project: name, backendUrl: backend.url };
}
