/**
 * The link by which a project elsewhere finds this program: Pulumi wants the program's file inside
 * the project's folder, and Node finds the packages beside the program's real place.
 */

import { lstatSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { BlueGreenError, messageOf } from "../../infra/errors.ts";

/** Name of the link in the project's folder; never part of a release. */
export const linkName = ".bluegreen";

/**
 * Makes the link where Pulumi.yaml refers to it and it is missing or leads nowhere, as in a fresh
 * clone; one that leads somewhere stays. Returns what was done as a sentence, or null.
 * @throws STORE_FAILED
 */
export function restoreLink(cwd: string, checkout: string): string | null {
  const link = join(cwd, linkName);
  if (isFolder(link) || !refersToLink(cwd)) return null;
  makeLink(cwd, checkout);
  return `${linkName} in ${basename(cwd)} now leads to ${checkout}`;
}

/** @throws STORE_FAILED when something else than a broken link is there, or it can't be written. */
export function makeLink(cwd: string, checkout: string): void {
  const link = join(cwd, linkName);
  try {
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true) rmSync(link);
    symlinkSync(checkout, link, "dir");
  } catch (cause) {
    throw new BlueGreenError("STORE_FAILED", `${link} can't be made: ${messageOf(cause)}`, {
      hint: `Make it by hand: ln -s ${checkout} ${link}`,
      cause,
    });
  }
}

/** True for a folder, also behind a link. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** True where Pulumi.yaml names a program behind the link. */
export function refersToLink(cwd: string): boolean {
  const project: unknown = parse(readFileSync(join(cwd, "Pulumi.yaml"), "utf8"), {
    logLevel: "silent",
  });
  if (typeof project !== "object" || project === null || !("main" in project)) return false;
  return String(project.main).startsWith(`${linkName}/`);
}
