/** Puts a project's files into its folder and overwrites nothing. */

import { appendFileSync, existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseSettingsFile } from "../../infra/config.ts";
import { BlueGreenError, messageOf } from "../../infra/errors.ts";
import { isFolder, linkName, makeLink } from "./link.ts";
import { projectText, settingsText } from "./template.ts";
import type { Answers } from "./template.ts";

export type Written = "made" | "kept" | "changed";

export interface WrittenFile {
  /** Relative to the folder. */
  readonly name: string;
  readonly what: Written;
}

export interface Folder {
  readonly cwd: string;
  /** Folder of this program. */
  readonly checkout: string;
}

/**
 * Files that are there already stay as they are.
 * @param text of the settings file; default: made of the answers
 * @throws SETTINGS_INVALID, USAGE, STORE_FAILED
 */
export function writeProject(
  { cwd, checkout }: Folder,
  answers: Answers,
  text: string = settingsText(answers),
): readonly WrittenFile[] {
  const settings = settingsName(answers);
  parseSettingsFile(text, settings);
  refuseOtherProgram(cwd);
  const files = [
    { name: "Pulumi.yaml", what: create(cwd, "Pulumi.yaml", projectText(answers)) },
    { name: settings, what: create(cwd, settings, text) },
  ];
  if (isCheckout(cwd, checkout)) return files;
  return [
    ...files,
    { name: linkName, what: linked(cwd, checkout) },
    { name: ".gitignore", what: ignored(cwd) },
  ];
}

export function settingsName({ environment }: Pick<Answers, "environment">): string {
  return `Pulumi.${environment}.yaml`;
}

function create(cwd: string, name: string, text: string): Written {
  try {
    writeFileSync(join(cwd, name), text, { flag: "wx" });
    return "made";
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return "kept";
    throw new BlueGreenError("STORE_FAILED", `${name} can't be written: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** A Pulumi program of the user's own can't run ours as well. */
function refuseOtherProgram(cwd: string): void {
  const file = join(cwd, "Pulumi.yaml");
  if (!existsSync(file) || /^main:.*infra\/index\.ts/m.test(readFileSync(file, "utf8"))) return;
  throw new BlueGreenError("USAGE", `${file} belongs to another Pulumi program`, {
    hint: "make a folder beside it for bluegreen: `bluegreen init --cwd deploy`",
  });
}

function isCheckout(cwd: string, checkout: string): boolean {
  return realpathSync(cwd) === realpathSync(checkout);
}

function linked(cwd: string, checkout: string): Written {
  if (isFolder(join(cwd, linkName))) return "kept";
  makeLink(cwd, checkout);
  return "made";
}

/**
 * The link is this machine's own. Version control learns so even where there is none yet: whoever
 * begins it later would add the link, and every other machine would get one that leads nowhere.
 */
function ignored(cwd: string): Written {
  const name = ".gitignore";
  const file = join(cwd, name);
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (new RegExp(`^/?\\${linkName}/?\\s*$`, "m").test(text)) return "kept";
  if (text === "" && !existsSync(file)) return create(cwd, name, `/${linkName}\n`);
  try {
    appendFileSync(file, `${text === "" || text.endsWith("\n") ? "" : "\n"}/${linkName}\n`);
    return "changed";
  } catch (cause) {
    throw new BlueGreenError("STORE_FAILED", `${name} can't be written: ${messageOf(cause)}`, {
      cause,
    });
  }
}
