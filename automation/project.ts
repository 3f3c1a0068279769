/** The user's project: its name and the settings of an environment; needs no engine. */

import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parse } from "yaml";
import { absolutePaths } from "../infra/config/absolute-paths.ts";
import type { Settings } from "../infra/config.ts";
import { parseSettingsFile } from "../infra/config.ts";
import { BlueGreenError } from "../infra/errors.ts";
import { copyForEngine, readSettingsFile, writeSettingsFile } from "./adapters/settings-file.ts";
import { newApplicationId } from "./engine/application.ts";
import { checkoutFolder } from "./engine/folders.ts";
import type { Reporter } from "./event.ts";
import { restoreLink } from "./init/link.ts";

export interface ProjectOptions {
  /** Folder with Pulumi.yaml. */
  readonly cwd: string;
  /** Name of the environment. */
  readonly stack: string;
}

export interface OpenOptions extends ProjectOptions {
  readonly reporter: Reporter;
  /** For a preview: gets a copy of the settings file, so that the file itself stays as it is. */
  readonly scratch?: string;
}

/** As the files say, unchanged. */
export interface ReadProject {
  readonly settings: Settings;
  readonly settingsFile: string;
  /** Name of the Pulumi project. */
  readonly project: string;
  readonly cwd: string;
  /** Null: not chosen yet, so nothing of this environment can exist on the local platform. */
  readonly application: string | null;
}

export interface Project extends ReadProject {
  readonly application: string;
}

/** @throws SETTINGS_UNREADABLE, SETTINGS_INVALID */
export function readProject(options: ProjectOptions): ReadProject {
  const cwd = resolve(options.cwd);
  const settingsFile = join(cwd, `Pulumi.${options.stack}.yaml`);
  const project = projectName(cwd);
  const parsed = parseSettingsFile(readSettingsFile(settingsFile), settingsFile);
  const settings = absolutePaths(parsed, cwd);
  return { settings, settingsFile, project, cwd, application: parsed.application };
}

/**
 * Also chooses the application's id and restores the link to this checkout where they are missing.
 * @throws SETTINGS_UNREADABLE, SETTINGS_INVALID, STORE_FAILED
 */
export function openProject(options: OpenOptions): Project {
  const read = readProject(options);
  const { reporter, scratch } = options;
  const linked = scratch === undefined ? restoreLink(read.cwd, checkoutFolder) : null;
  if (linked !== null) reporter.on({ kind: "Noted", sentence: linked });
  const application = read.application ?? newApplicationId(basename(read.cwd));
  const settings = { ...read.settings, application };
  if (scratch !== undefined) {
    const added = read.application === null ? { application } : {};
    const settingsFile = copyForEngine(read.settingsFile, added, scratch);
    return { ...read, settings, settingsFile, application };
  }
  if (read.application === null) storeApplication(read.settingsFile, application, reporter);
  return { ...read, settings, application };
}

function projectName(cwd: string): string {
  const file = join(cwd, "Pulumi.yaml");
  if (!existsSync(file)) {
    throw new BlueGreenError("SETTINGS_UNREADABLE", `${file} doesn't exist`, {
      hint: "run bluegreen in the project's folder, or name it with --cwd; `bluegreen init` makes one",
    });
  }
  const { name } = parse(readSettingsFile(file)) as { name?: unknown };
  if (typeof name === "string") return name;
  throw new BlueGreenError("SETTINGS_INVALID", `${file} has no name`, {
    hint: "add `name: bluegreen`",
  });
}

/** A stored id keeps two projects apart that were made from the same template. */
function storeApplication(settingsFile: string, application: string, reporter: Reporter): void {
  writeSettingsFile(settingsFile, { application });
  const sentence = `bluegreen:application is ${application}, written to ${basename(settingsFile)}`;
  reporter.on({ kind: "Noted", sentence });
}
